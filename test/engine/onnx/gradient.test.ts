import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AdapterSpec } from "../../../src/adapter/adapter";
import { layerOf } from "../../../src/adapter/choose-sites";
import { makeAdapter } from "../../../src/adapter/make-adapter";
import { compile } from "../../../src/engine/onnx/compile";
import { packBatch } from "../../../src/engine/onnx/geometry";
import { gradientBytes, keptBytes, requireKept } from "../../../src/engine/onnx/kept-memory";
import { onnxSession } from "../../../src/engine/onnx/session";
import type { OnnxOptions } from "../../../src/engine/onnx/session";
import { referenceGradient64 } from "../../../src/engine/reference/session";
import type { ModelSession, PullBack, TokenBatch } from "../../../src/engine/session";
import type { Shape } from "../../../src/ops/shape";
import { randomKey } from "../../../src/random/key";
import { normals } from "../../../src/random/normals";
import { entryOf } from "../../../src/tree/layout";
import { predictMemory } from "../../../src/weights/memory";
import { near } from "../../support/near";
import { scratch } from "../../support/scratch";
import { rejectsWith, throwsWith } from "../../support/throws";
import { tinyModel, tinyModelNames } from "../../support/tiny-models";
import type { TinyModelName } from "../../support/tiny-models";

// Every model, adapter and precision is in common/engines; here is what a session does besides.
const test = suite("engine/onnx/gradient");
const folder = scratch();
test.after(() => folder.remove());

const lora: AdapterSpec = { kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] };
/** The derivatives of a loss by these features; not along them, where those of unit length cannot move. */
const slope = (data: ArrayLike<number>): Float32Array =>
  Float32Array.from(data, (value, i) => value * value + Math.sin(i));
const pullBack: PullBack = ({ data }) => slope(data);

async function opened(
  name: TinyModelName,
  spec: AdapterSpec,
  options: OnnxOptions,
  use: (open: {
    readonly session: ModelSession;
    readonly gradient: NonNullable<ModelSession["gradient"]>;
    readonly points: readonly [Float32Array, Float32Array];
    readonly batch: TokenBatch;
    exact(point: Float32Array, batch: TokenBatch): Float64Array;
  }) => Promise<void>,
): Promise<void> {
  const { model, batch } = tinyModel(name);
  const adapter = makeAdapter(spec, model);
  const session = await onnxSession(model, adapter, { threads: 1, cacheDirectory: folder.file("cache"), ...options });
  const { gradient } = session;
  if (gradient === undefined) throw new Error("the session has no gradient");
  const moved = (index: number): Float32Array => {
    const noise = normals(randomKey(7, "check", index), adapter.layout.size);
    return adapter.initial(3).map((value, i) => value + 0.05 * noise[i]);
  };
  const exact = (point: Float32Array, on: TokenBatch): Float64Array =>
    referenceGradient64(model, adapter, point, on, ({ data }) => slope(data));
  try {
    await use({ session, gradient, points: [moved(0), moved(1)], batch, exact });
  } finally {
    await session.dispose();
  }
}

test("two gradients at once, on one batch or on two, do not mix; the same one twice has the same bits", async () => {
  await opened("bert", lora, { threads: 2 }, async ({ gradient, points, batch, exact }) => {
    const other = { ids: [...batch.ids].reverse().slice(1) };
    const asked = points.flatMap((point) => [batch, other, batch].map((on) => ({ point, on })));
    const together = await Promise.all(asked.map(({ point, on }) => gradient(point, on, pullBack)));
    for (const [i, { point, on }] of asked.entries()) {
      near(together[i].gradient, exact(point, on), 1e-4);
      assert.equal((await gradient(point, on, pullBack)).gradient, together[i].gradient);
    }
  });
});

test("after a readout that fails, or gives another number of derivatives, the next gradient is right", async () => {
  await opened("llama", lora, {}, async ({ gradient, points: [point], batch, exact }) => {
    const failing = gradient(point, batch, () => {
      throw new Error("the readout failed");
    });
    await rejectsWith(failing, "the readout failed");
    await rejectsWith(
      gradient(point, batch, () => new Float32Array(3)),
      "pullBack: expected ",
    );
    await rejectsWith(gradient(point.subarray(1), batch, pullBack), "points[0]");
    await rejectsWith(gradient(point, { ids: [[1e6]] }, pullBack), "token ids 0..");
    near((await gradient(point, batch, pullBack)).gradient, exact(point, batch), 1e-4);
  });
});

test("rows of a table that many tokens take are summed, and on several threads in the same order", async () => {
  const batch = { ids: [Array.from({ length: 12 }, () => 5), [5, 6, 5, 7, 5], [6]] };
  const embeddings: AdapterSpec = { kind: "full", layers: "all", parts: ["embeddings"] };
  await opened("bert", embeddings, { threads: 2 }, async ({ gradient, points: [point], exact }) => {
    const found = (await gradient(point, batch, pullBack)).gradient;
    near(found, exact(point, batch), 1e-4);
    assert.equal((await gradient(point, { ...batch }, pullBack)).gradient, found);
  });
});

test("with adapters in the top layers alone, texts' lower layers are kept as for losses; groups of texts are one", async () => {
  const top: AdapterSpec = { ...lora, layers: { from: 1 } };
  for (const tuning of [{}, { prefix: false }, { prefixCache: 0 }, { buckets: 3 }])
    await opened("llama", top, { tuning }, async ({ session, gradient, points: [point], batch, exact }) => {
      await session.features([point], batch);
      near((await gradient(point, batch, pullBack)).gradient, exact(point, batch), 1e-4);
      near((await gradient(point, { ids: [...batch.ids] }, pullBack)).gradient, exact(point, { ids: batch.ids }), 1e-4);
    });
});

test("with one graph kept, losses, tangents and gradients take turns", async () => {
  await opened("bert", lora, { keep: "one" }, async ({ session, gradient, points: [point, other], batch, exact }) => {
    for (let round = 0; round < 2; round++) {
      near((await gradient(point, batch, pullBack)).gradient, exact(point, batch), 1e-4);
      const { primal } = await session.tangents(point, [other], batch);
      near((await session.features([point], batch)).data, primal.data, 1e-5);
    }
  });
});

test("a batch whose gradient would not fit is refused with what would, and that fits", async () => {
  const text = Array.from({ length: 16 }, (_, t) => 3 + t);
  const texts = (count: number): TokenBatch => ({ ids: Array.from({ length: count }, () => text) });
  await opened("bert", lora, { freeBytes: 4e6 }, async ({ gradient, points: [point], exact }) => {
    let told = "";
    await gradient(point, texts(64), pullBack).catch((error: unknown) => (told = String(error)));
    const [, count = "0", batches] =
      /64 texts of up to 16 tokens \(1024 in all\) needs about \d+ MB .* 4 MB free: open the session with recompute: true \(time of one forward pass more\), take at most (\d+) such texts a batch and the mean of (\d+) batches/.exec(
        told,
      ) ?? [];
    assert.ok(Number(count) > 1, told);
    assert.is(Number(batches), Math.ceil(64 / Number(count)));
    near((await gradient(point, texts(Number(count)), pullBack)).gradient, exact(point, texts(Number(count))), 1e-4);
    await rejectsWith(gradient(point, texts(Number(count) + 1), pullBack), "batch: a gradient of ");
  });
});

test("with recomputation the gradient is the same, and what is kept for it is a fraction", async () => {
  const full: AdapterSpec = { kind: "full", layers: "all", parts: ["matrices", "norms"] };
  for (const name of ["bert", "llama", "qwen2", "opt"] as const)
    for (const spec of [lora, full]) {
      let once: Float32Array | null = null;
      for (const recompute of [false, true])
        await opened(name, spec, { recompute }, async ({ gradient, points: [point], batch, exact }) => {
          const found = (await gradient(point, batch, pullBack)).gradient;
          near(found, exact(point, batch), 1e-4);
          near(found, Float64Array.from(once ?? found), 1e-6);
          once = found;
        });
      const { model, batch } = tinyModel(name);
      const kept = async (recompute: boolean): Promise<number> => {
        const options = { fused: false, prefix: true, recompute };
        const { back } = await compile(model, makeAdapter(spec, model), "gradient", folder.file("cache"), options);
        return keptBytes(back!.kept.values(), packBatch(batch));
      };
      const [whole, states] = [await kept(false), await kept(true)];
      assert.ok(states < whole / 3, `${name}, ${spec.kind}: ${states} of ${whole} bytes`);
    }
});

const whole: AdapterSpec = { kind: "full", layers: "all" };

test("block by block, from the top down, each tensor's gradient comes once, with the bits of the whole and of one uncut graph", async () => {
  for (const name of tinyModelNames)
    for (const recompute of [false, true]) {
      let uncut: Float32Array | null = null;
      for (const blocks of [false, true])
        await opened(name, whole, { recompute, tuning: { blocks } }, async (open) => {
          const { session, gradient, batch, exact } = open;
          const [point] = open.points;
          const found = (await gradient(point, batch, pullBack)).gradient;
          near(found, exact(point, batch), 1e-4);
          assert.equal(found, uncut ?? found, `${name}, recompute ${recompute}`);
          uncut = found;
          assert.is(session.gradientBlocks !== undefined, blocks);
          if (session.gradientBlocks === undefined) return;
          const taken = new Map<string, string>();
          const { features } = await session.gradientBlocks(point, batch, pullBack, ({ name: block, parts }) => {
            for (const { tensor, gradient: part } of parts) {
              assert.not(taken.has(tensor), tensor);
              taken.set(tensor, block);
              const { offset, size } = entryOf(session.layout, tensor);
              assert.equal(part, found.slice(offset, offset + size), tensor);
            }
          });
          assert.equal(features.data, (await gradient(point, batch, pullBack)).features.data);
          for (const { name: tensor, offset, size } of session.layout.entries)
            if (!taken.has(tensor)) assert.ok(found.subarray(offset, offset + size).every((value) => value === 0));
          const numbers = [...new Set(taken.values())].flatMap((block) => /^layer (\d+)$/.exec(block)?.[1] ?? []);
          assert.equal(
            numbers,
            numbers.map((_, i) => String(numbers.length - 1 - i)),
          );
          for (const [tensor, block] of taken) {
            const layer = layerOf({ name: tensor });
            assert.ok(layer === null ? tensor.startsWith(block) : block === `layer ${layer}`, `${tensor} in ${block}`);
          }
        });
    }
});

test("who fails while a block is taken is heard, and the next gradient is right; small adapters have theirs as a whole", async () => {
  await opened(
    "llama-tied",
    whole,
    { recompute: true },
    async ({ session, gradient, points: [point], batch, exact }) => {
      const failing = session.gradientBlocks!(point, batch, pullBack, ({ name }) => {
        if (name === "layer 1") throw new Error("the taker failed");
      });
      await rejectsWith(failing, "the taker failed");
      near((await gradient(point, { ...batch }, pullBack)).gradient, exact(point, batch), 1e-4);
    },
  );
  await opened("bert", lora, {}, async ({ session }) => assert.is(session.gradientBlocks, undefined));
});

test("of all weights the way back keeps no copies; with recomputation, a few states", async () => {
  for (const name of ["bert", "llama-tied", "qwen2", "opt"] as const) {
    const { model, batch } = tinyModel(name);
    const kept = async (recompute: boolean): Promise<readonly Shape[]> => {
      const options = { fused: false, prefix: true, recompute, blocks: true };
      const { back } = await compile(model, makeAdapter(whole, model), "gradient", folder.file("cache"), options);
      return [...back!.kept.values()];
    };
    const [all, states] = [await kept(false), await kept(true)];
    assert.not(
      all.some((shape) => shape.every((size) => typeof size === "number")),
      "a shape that no batch decides",
    );
    const bytes = (shapes: readonly Shape[]): number => keptBytes(shapes, packBatch(batch));
    assert.ok(bytes(states) > 0 && bytes(states) < bytes(all) / 5, `${name}: ${bytes(states)} of ${bytes(all)} bytes`);
  }
});

test("what a batch keeps is counted from its shapes; what the engine has had already is not asked for again", () => {
  const geometry = packBatch({ ids: [[5, 6], [7]], scored: [[0, 1], [0]] });
  const kept = new Map<string, Shape>([
    ["tokens", [1, "T", 4]],
    ["scores", [1, "B", 2, 1, "S", "S"]],
    ["logits", [1, "K*5"]],
  ]);
  assert.is(keptBytes(kept.values(), geometry), 4 * (3 * 4 + 2 * 2 * 2 * 2 + 3 * 5));
  // What is kept lies twice; of what the pieces of the way back make, one after another, the most counts.
  const made: readonly (readonly Shape[])[] = [[["T", 2]], [["B", 3], [7]], []];
  assert.is(gradientBytes({ kept, made }, geometry), 2 * 172 + 4 * (2 * 3 + 7));
  const holds = { kept, made: [] };
  assert.is(requireKept(holds, geometry, 1000, 400), 1000);
  assert.is(requireKept(holds, geometry, 0, Infinity), 344);
  throwsWith(
    () => requireKept({ kept: new Map([["tokens", [1, "T", 1e6]]]), made: [] }, geometry, 0, 1e6),
    "24 MB for what its way back reads and makes, 1 MB free: open the session with recompute: true (time of one forward pass more), take texts of fewer tokens, or pass freeBytes",
  );
  // 16 MB for two texts, 8 for one.
  throwsWith(
    () => requireKept({ kept: new Map([["texts", ["B", 1e6]]]), made: [] }, geometry, 0, 9e6),
    "take at most 1 such text a batch and the mean of 2 batches' gradients (parts: 2 of a method that has them), or pass freeBytes",
  );
});

test("a session whose gradient would not fit beside its losses is refused before it is made, with what would do", async () => {
  const { model, batch } = tinyModel("llama");
  for (const spec of [lora, whole]) {
    const adapter = makeAdapter(spec, model);
    const pass = { texts: 8, tokens: 64, points: 1, trainable: adapter.layout.size };
    const trainedMatrices =
      spec === whole ? model.sites.reduce((sum, { inputs, outputs }) => sum + inputs * outputs, 0) : 0;
    const losses = predictMemory(model, { kind: "fp32" }, { ...pass, trainedMatrices });
    const freeBytes = losses.total - losses.process + 100;
    const session = await onnxSession(model, adapter, { threads: 1, cacheDirectory: folder.file("cache"), freeBytes });
    const point = adapter.initial(0);
    assert.ok((await session.features([point], batch)).data.every(Number.isFinite));
    await rejectsWith(
      session.gradient!(point, batch, pullBack),
      /needs about \d+ MB at fp32 for gradients, \d+ MB free: use .*a zeroth-order method, which needs losses alone/,
    );
    await session.dispose();
  }
});

test("where activations are rounded there is no gradient", async () => {
  const { model } = tinyModel("bert");
  const adapter = makeAdapter(lora, model);
  for (const precision of [
    { kind: "int8-activations", weightBits: 7 },
    { kind: "int4-activations", block: 32, zeroPoints: true },
  ] as const) {
    const session = await onnxSession(model, adapter, { threads: 1, cacheDirectory: folder.file("cache"), precision });
    assert.is(session.gradient, undefined);
    assert.match(session.noGradient ?? "", /^int\d-activations.* rounds activations, so its loss is a staircase/);
    await session.dispose();
  }
});

test("without trainable parameters the gradient is empty", async () => {
  await opened("bert", { kind: "none" }, {}, async ({ session, gradient, batch }) => {
    const found = await gradient(new Float32Array(0), batch, pullBack);
    assert.is(found.gradient.length, 0);
    assert.equal(found.features.data, (await session.features([new Float32Array(0)], batch)).data);
  });
});

test.run();

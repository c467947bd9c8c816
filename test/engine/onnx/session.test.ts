import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AdapterSpec } from "../../../src/adapter/adapter";
import { makeAdapter } from "../../../src/adapter/make-adapter";
import { onnxSession, runtimeOptions } from "../../../src/engine/onnx/session";
import { WEIGHT_FORMAT } from "../../../src/engine/onnx/weight-file";
import type { OnnxOptions, OnnxSession } from "../../../src/engine/onnx/session";
import { referenceSession } from "../../../src/engine/reference/session";
import type { TokenBatch } from "../../../src/engine/session";
import type { Model } from "../../../src/model/model";
import { normals } from "../../../src/random/normals";
import { randomKey } from "../../../src/random/key";
import { logitsOf } from "../../support/logits";
import { near } from "../../support/near";
import { rejectsWith } from "../../support/throws";
import { scratch } from "../../support/scratch";
import { tinyModel, tinyModelNames, tinyPlacement } from "../../support/tiny-models";
import type { TinyModelName } from "../../support/tiny-models";

const test = suite("engine/onnx/session");
const folder = scratch();
test.after(() => folder.remove());

/** Adapters besides the tensor train that a model is tried with. */
const specs: Partial<Record<TinyModelName, readonly AdapterSpec[]>> = {
  bert: [lora(["query", "value"])],
  "roberta-masked": [lora(["query", "value"])],
  llama: [lora(["query"]), lora(["value"])],
  "llama-tied": [lora(["query", "value"])],
  opt: [lora(["query", "up"])],
};

function trainSpec(placement: "llama" | "roberta"): AdapterSpec {
  return { kind: "tensor-train", placement, rank: 2, bottleneck: 8, scale: 0.7, modes: null };
}

function lora(targets: readonly string[]): AdapterSpec {
  return { kind: "lora", rank: 2, alpha: 4, targets };
}

/** The same without an adapter in layer 0. */
function onTop(spec: AdapterSpec): AdapterSpec {
  return { ...spec, layers: { from: 1 } } as AdapterSpec;
}

async function opened(
  model: Model,
  spec: AdapterSpec,
  options: OnnxOptions,
  use: (session: OnnxSession, point: Float32Array, other: Float32Array) => Promise<void>,
): Promise<void> {
  const adapter = makeAdapter(spec, model);
  const session = await onnxSession(model, adapter, { threads: 1, cacheDirectory: folder.file("cache"), ...options });
  const start = adapter.initial(3);
  const noise = normals(randomKey(5, "check"), start.length);
  try {
    await use(
      session,
      start.map((x, i) => x + 0.05 * noise[i]),
      noise,
    );
  } finally {
    await session.dispose();
  }
}

for (const name of tinyModelNames) {
  for (const fused of [true, false]) {
    test(`${name} without an adapter computes what transformers computes, ${fused ? "fused" : "small"} kernels`, async () => {
      const { model, batch, hidden, features, logits } = tinyModel(name);
      await opened(model, { kind: "none" }, { tuning: { fused } }, async (session) => {
        const { data, width } = await session.features([new Float32Array(0)], batch);
        if (features !== null) near(data, features.flat(), 1e-5, "features");
        if (logits !== null) near(logitsOf(model, data) ?? [], logits.flat(), 1e-5, "logits");
        if (features !== null && model.head !== null) {
          const each = batch.ids.flatMap((text) => text.map((_, at) => ({ text, at })));
          const everywhere = { ids: each.map(({ text }) => text), scored: each.map(({ at }) => at) };
          const all = await session.features([new Float32Array(0)], everywhere);
          near(all.data, hidden[model.layers].flat(), 1e-5, "the last hidden states of all tokens");
        }
        for (const [b, text] of batch.ids.entries()) {
          const alone = { ids: [text], scored: [batch.scored?.[b] ?? 0] };
          const one = (await session.features([new Float32Array(0)], alone)).data;
          near(one, data.subarray(b * width, (b + 1) * width), 1e-5, `text ${b} alone`);
        }
      });
    });
  }

  for (const spec of [trainSpec(tinyPlacement(name)), ...(specs[name] ?? [])]) {
    const what = spec.kind === "lora" ? `LoRA on ${spec.targets.join(" and ")}` : spec.kind;
    test(`${name} with ${what}: features and tangents are those of the float64 reference`, async () => {
      const { model, batch } = tinyModel(name);
      const reference = referenceSession(model, makeAdapter(spec, model.sites));
      await opened(model, spec, {}, async (session, point, direction) => {
        const points = [point, direction];
        near((await session.features(points, batch)).data, (await reference.features(points, batch)).data, 2e-5);
        const [got, expected] = [
          await session.tangents(point, [direction, point], batch),
          await reference.tangents(point, [direction, point], batch),
        ];
        near(got.primal.data, expected.primal.data, 2e-5, "primal");
        near(got.tangents.data, expected.tangents.data, 1e-4, "tangents");
      });
    });
  }
}

test("many points in one call are the points one at a time", async () => {
  const { model, batch } = tinyModel("llama-tied");
  await opened(model, trainSpec("llama"), {}, async (session, point, other) => {
    const together = await session.features([point, other, point], batch);
    const size = together.data.length / 3;
    const alone = await session.features([other], batch);
    near(together.data.subarray(size, 2 * size), alone.data, 1e-6);
    assert.equal(together.data.subarray(0, size), together.data.subarray(2 * size), "equal points, equal bits");
  });
});

test("one session serves every batch and length, a batch of one token too, and repeats its bits", async () => {
  const { model, batch } = tinyModel("bert");
  await opened(model, lora(["query"]), {}, async (session, point) => {
    const first = await session.features([point], batch);
    const single = await session.features([point], { ids: [[1]] });
    assert.is(single.texts, 1);
    assert.is(single.data.length, model.width);
    assert.equal((await session.features([point], batch)).data, first.data);
  });
});

test("a text alone has the features that it has among longer texts: nothing leaks through padding", async () => {
  const { model, batch } = tinyModel("bert");
  await opened(model, lora(["query"]), {}, async (session, point) => {
    const all = await session.features([point], batch);
    for (const [b, ids] of batch.ids.entries()) {
      const alone = await session.features([point], { ids: [ids] });
      near(alone.data, all.data.subarray(b * model.width, (b + 1) * model.width), 1e-5);
    }
  });
});

test("without trainable parameters every derivative is zero", async () => {
  const { model, batch } = tinyModel("bert");
  await opened(model, { kind: "none" }, {}, async (session) => {
    const { tangents } = await session.tangents(new Float32Array(0), [new Float32Array(0)], batch);
    assert.ok(tangents.data.every((x) => x === 0));
  });
});

test("refuses points of a wrong length, foreign tokens and texts beyond the context, and goes on working", async () => {
  const { model, batch } = tinyModel("bert");
  await opened(model, lora(["query"]), {}, async (session, point) => {
    await rejectsWith(session.features([point.slice(1)], batch), /points\[0\]: expected length \d+, got \d+/);
    await rejectsWith(session.features([], batch), /points: expected at least one point, got 0/);
    await rejectsWith(session.features([point], { ids: [[model.vocabulary]] }), /batch\[0\]: expected token ids 0\.\./);
    const long = Array<number>(model.context + 1).fill(1);
    await rejectsWith(session.features([point], { ids: [long] }), /batch\[0\]: expected at most \d+ tokens/);
    assert.is((await session.features([point], batch)).points, 1);
  });
});

for (const [name, spec, before] of [
  ["bert", trainSpec("roberta"), "the first attention"],
  ["llama", trainSpec("llama"), "the first attention"],
  ["llama-tied", lora(["query", "value"]), "the first projections"],
] as const) {
  test(`${name} with ${spec.kind}: computing ${before} once per batch leaves every bit as it is`, async () => {
    const { model, batch } = tinyModel(name);
    const results = async (prefix: boolean): Promise<readonly Float32Array[]> => {
      const found: Float32Array[] = [];
      await opened(model, spec, { tuning: { prefix } }, async (session, point, other) => {
        found.push((await session.features([point], batch)).data);
        found.push((await session.features([other, point], batch)).data);
        const { primal, tangents } = await session.tangents(point, [other, point], batch);
        found.push(primal.data, tangents.data);
      });
      return found;
    };
    assert.equal(await results(true), await results(false));
  });
}

for (const [name, spec, prefixOnly] of [
  ["bert", onTop(trainSpec("roberta")), false],
  ["llama", onTop(trainSpec("llama")), false],
  ["llama-tied", onTop(lora(["query", "value"])), false],
  ["opt", lora(["layers.1.*"]), false],
  ["llama", { kind: "full", layers: { from: 1 } }, false],
  ["llama", trainSpec("llama"), true],
] as const)
  test(`${name} with ${spec.kind} ${prefixOnly ? "everywhere keeps nothing of a text" : "on top: the layers below are computed once a text, whatever the batch"}`, async () => {
    const { model, batch } = tinyModel(name);
    const texts = new Set(batch.ids.map((ids) => ids.join())).size;
    const some = { ids: batch.ids.slice(1).reverse() };
    const everything = async (prefixCache: number | undefined, before: readonly TokenBatch[]) => {
      let counts: readonly number[] = [];
      const found: Float32Array[] = [];
      const options = prefixCache === undefined ? {} : { tuning: { prefixCache } };
      await opened(model, spec, options, async (session, point, other) => {
        for (const earlier of before) await session.features([point], earlier);
        found.push((await session.features([point, other], batch)).data);
        const afterFirst = session.prefixTexts();
        found.push((await session.features([point], { ...batch })).data);
        const afterSecond = session.prefixTexts();
        const { primal, tangents } = await session.tangents(point, [other, point], batch);
        found.push(primal.data, tangents.data);
        counts = [afterFirst, afterSecond, session.prefixTexts()];
      });
      return { counts, found };
    };
    const usual = await everything(undefined, []);
    assert.equal(
      usual.counts,
      prefixOnly ? [0, 0, 0] : [texts, texts, 2 * texts],
      "once for features, once for tangents",
    );
    const later = await everything(undefined, [some, { ids: [batch.ids[0]] }]);
    assert.equal(later, usual, "the batches before leave every bit as it is");
    const small = await everything(1, [some]);
    assert.equal(small.found, usual.found, "so does what is not kept");
    if (!prefixOnly) assert.ok(small.counts[1] > usual.counts[1]);
    const without = await everything(0, []);
    assert.equal(without.counts, [0, 0, 0]);
    without.found.forEach((data, i) => near(usual.found[i], data, 1e-5));
  });

test("calls may be under way together, on other batches too: each gets its own batch's features", async () => {
  const { model, batch } = tinyModel("llama-tied");
  const other = { ids: batch.ids.slice(1) };
  await opened(model, trainSpec("llama"), {}, async (session, point, second) => {
    const alone = [
      await session.features([point], batch),
      await session.features([second, point], other),
      await session.features([second], batch),
    ];
    const together = await Promise.all([
      session.features([point], batch),
      session.features([second, point], other),
      session.features([second], batch),
    ]);
    assert.equal(together, alone);
  });
});

test("settings of ONNX Runtime do not change what is computed", async () => {
  const { model, batch } = tinyModel("bert");
  const options: OnnxOptions = {
    tuning: { spinning: "never", optimization: "disabled", arena: false, memoryPattern: true, prepack: false },
  };
  await opened(model, lora(["query"]), {}, async (usual, point) => {
    const expected = await usual.features([point], batch);
    await opened(model, lora(["query"]), options, async (session) => {
      near((await session.features([point], batch)).data, expected.data, 1e-6);
      assert.is.not(session.id, usual.id, "another optimization may change the last bits");
      assert.is(session.id, `${usual.id} optimization=disabled`, "what changes no bit is not named");
      assert.match(usual.id, ` weights=${WEIGHT_FORMAT}`, "runs on weights of an earlier form are others");
    });
  });
});

test("threads spin within a run and stop after it, where they would hold back the next session's", () => {
  const spinning = (tuning: OnnxOptions["tuning"] = {}): unknown =>
    Reflect.get(runtimeOptions({ tuning }, "all"), "extra");
  assert.equal(spinning(), { session: { intra_op: { allow_spinning: "1" }, force_spinning_stop: "1" } });
  assert.equal(spinning({ spinning: "always" }), { session: { intra_op: { allow_spinning: "1" } } });
  assert.equal(spinning({ spinning: "never" }), { session: { intra_op: { allow_spinning: "0" } } });
});

test("a provider of no such name is refused with those that there are", async () => {
  const { model } = tinyModel("bert");
  const adapter = makeAdapter(lora(["query"]), model.sites);
  const options: OnnxOptions = { cacheDirectory: folder.file("cache"), provider: "web-gpu" as "webgpu" };
  await rejectsWith(
    onnxSession(model, adapter, options),
    'provider: expected one of cpu, webgpu, cuda; nearest: webgpu, got "web-gpu"',
  );
});

test("a closed session says so", async () => {
  const { model, batch } = tinyModel("bert");
  const adapter = makeAdapter(lora(["query"]), model.sites);
  const session = await onnxSession(model, adapter, { threads: 1, cacheDirectory: folder.file("cache") });
  await session.dispose();
  const message = await session.features([adapter.initial(0)], batch).catch((error: unknown) => String(error));
  assert.match(String(message), /the model was closed/);
});

test.run();

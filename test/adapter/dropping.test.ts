import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AdapterSpec } from "../../src/adapter/adapter";
import { dropping } from "../../src/adapter/dropping";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { keepFactors } from "../../src/engine/keep-factors";
import { referenceFeatures64, referenceGradient64, referenceTangents64 } from "../../src/engine/reference/session";
import type { ModelSession, TokenBatch } from "../../src/engine/session";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { view } from "../../src/tree/layout";
import { near, relativeError } from "../support/near";
import { scratch } from "../support/scratch";
import { smallEngines } from "../support/small-engines";
import { rejectsWith, throwsWith } from "../support/throws";
import { tinyModel, tinyPlacement } from "../support/tiny-models";
import type { TinyModelName } from "../support/tiny-models";

// That <gradient, z> is the tangent along z, and a difference of features, with parts dropped: engine/reference/gradient.
const test = suite("adapter/dropping");
const folder = scratch();
test.after(() => folder.remove());

const specs: Readonly<Record<string, (name: TinyModelName) => AdapterSpec>> = {
  lora: () => ({ kind: "lora", rank: 2, alpha: 4, targets: ["query", "value", "down"] }),
  "lora-xs": () => ({ kind: "lora-xs", rank: 3, alpha: 6, targets: ["query", "down"] }),
  "tt-core": () => ({ kind: "tt-core", rank: 2, inner: 2, alpha: 8, targets: ["query"] }),
  "tt-lora": () => ({ kind: "tt-lora", rank: 4, alpha: 8, trainRank: 2, targets: ["query", "value"] }),
  linear: (name) => ({ kind: "linear", placement: tinyPlacement(name), rank: "full", scale: 2 }),
  "linear of rank 3": (name) => ({ kind: "linear", placement: tinyPlacement(name), rank: 3, scale: 2 }),
  bottleneck: (name) => ({
    kind: "bottleneck",
    placement: tinyPlacement(name),
    bottleneck: 4,
    activation: "gelu",
    scale: 1,
    up: "small",
  }),
  "tensor-train": (name) => ({
    kind: "tensor-train",
    placement: tinyPlacement(name),
    rank: 2,
    bottleneck: 8,
    scale: 0.7,
    modes: null,
  }),
};

const engines = smallEngines(folder.file("cache"));

function opened(name: TinyModelName, specOf: (name: TinyModelName) => AdapterSpec) {
  const { model, batch } = tinyModel(name);
  const bare = makeAdapter(specOf(name), model);
  const noise = (index: number) => normals(randomKey(21, "check", index), bare.layout.size);
  const point = bare.initial(3).map((value, i) => value + 0.1 * noise(0)[i]!);
  const slope = normals(randomKey(22, "check"), batch.ids.length * model.width);
  const all = (factor: number) => new Map(bare.sites!.map((site) => [site, factor]));
  return { model, batch, bare, adapter: dropping(bare), point, direction: noise(1), slope, all };
}

/** Features, tangents and gradient. */
async function quantities(
  session: ModelSession,
  point: Float32Array,
  direction: Float32Array,
  batch: TokenBatch,
  slope: Float32Array,
): Promise<readonly Float32Array[]> {
  const { data } = await session.features([point, direction], batch);
  const { tangents } = await session.tangents(point, [direction], batch);
  const { gradient } = await session.gradient!(point, batch, () => slope);
  return [data, tangents.data, gradient];
}

for (const name of ["bert", "llama", "opt"] as const)
  for (const [kind, specOf] of Object.entries(specs))
    test(`${name}, ${kind}: with factors all engines agree; factors of 1, and none, have the bits of the adapter alone`, async () => {
      const { model, batch, bare, adapter, point, direction, slope, all } = opened(name, specOf);
      const keep = new Map(adapter.drops!.map((site, i) => [site, [0, 1.25, 0.5][i % 3]!]));
      const part = { ...batch, keep };
      const exact = [
        referenceFeatures64(model, adapter, [point, direction], part).data,
        referenceTangents64(model, adapter, point, [direction], part).tangents.data,
        referenceGradient64(model, adapter, point, part, () => slope),
      ];
      assert.ok(relativeError(exact[0]!, referenceFeatures64(model, bare, [point, direction], batch).data) > 1e-3);
      for (const [engine, open] of Object.entries(engines)) {
        const session = await open(model, adapter);
        const found = await quantities(session, point, direction, part, slope);
        found.forEach((numbers, i) => near(numbers, exact[i]!, i === 0 ? 2e-5 : 1e-4, `${engine} ${i}`));
        const without = await open(model, bare);
        const alone = await quantities(without, point, direction, batch, slope);
        for (const one of [{ ...batch, keep: all(1) }, batch, { ...batch, keep: new Map<string, number>() }])
          assert.equal(await quantities(session, point, direction, one, slope), alone, engine);
        await session.dispose();
        await without.dispose();
      }
    });

test("factors of 0 leave the frozen model, and one factor for all of a LoRA is a shorter B", async () => {
  const { model, batch, bare, adapter, point, all } = opened("llama", specs.lora!);
  const session = await engines.onnx(model, adapter);
  const frozen = referenceFeatures64(model, makeAdapter({ kind: "none" }, model), [[]], batch).data;
  near((await session.features([point], { ...batch, keep: all(0) })).data, frozen, 1e-5);
  const shorter = point.slice();
  for (const { name } of bare.layout.entries)
    if (name.endsWith(".B")) view(bare.layout, shorter, name).forEach((value, i, own) => (own[i] = 0.5 * value));
  near(
    (await session.features([point], { ...batch, keep: all(0.5) })).data,
    (await session.features([shorter], batch)).data,
    1e-6,
  );
  await session.dispose();
});

test("in groups of texts, with one graph open, recomputed on the way back or above kept layers, factors are the batch's", async () => {
  const top = (): AdapterSpec => ({
    kind: "lora",
    rank: 2,
    alpha: 4,
    targets: ["query", "value"],
    layers: { from: 1 },
  });
  const { model, batch, adapter, point, slope } = opened("bert", top);
  const session = await engines.onnx(model, adapter, { recompute: true, keep: "one", tuning: { buckets: 2 } });
  for (const step of [0, 1, 2]) {
    const part = { ...batch, keep: keepFactors(adapter.drops!, 0.5, 5, step) };
    near((await session.features([point], part)).data, referenceFeatures64(model, adapter, [point], part).data, 2e-5);
    const { gradient } = await session.gradient!(point, part, () => slope);
    near(
      gradient,
      referenceGradient64(model, adapter, point, part, () => slope),
      1e-4,
      `step ${step}`,
    );
  }
  await session.dispose();
});

test("an adapter that adds nothing at sites, a factor that is no number, and one for nothing are refused", async () => {
  const { model, batch, bare, adapter, point } = opened("bert", specs.bottleneck!);
  for (const spec of [{ kind: "prefix", tokens: 2 }, { kind: "full", layers: "all" }, { kind: "none" }] as const)
    throwsWith(() => dropping(makeAdapter(spec, model)), `dropping: expected an adapter that adds something at sites`);
  for (const [engine, open] of Object.entries(engines)) {
    const session = await open(model, adapter);
    const given = (site: string, factor: number) =>
      session.features([point], { ...batch, keep: new Map([[site, factor]]) });
    await rejectsWith(
      given("layers.0.mlp.down", NaN),
      "batch.keep layers.0.mlp.down: expected a finite number, got NaN",
    );
    await rejectsWith(
      given("layers.0.mlp.up", 1),
      "batch.keep: expected sites of the adapter (layers.0.attention.output, layers.0.mlp.down, layers.1.attention.output, layers.1.mlp.down)",
    );
    assert.is((await given("layers.0.mlp.down", 0)).points, 1, engine);
    await session.dispose();
    const without = await open(model, bare);
    await rejectsWith(
      without.features([point], { ...batch, keep: new Map([["layers.0.mlp.down", 1]]) }),
      "batch.keep: expected no factor (the session's adapter has none: `dropping(adapter)`)",
    );
    await without.dispose();
  }
});

test.run();

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AdapterSpec, SideSpec } from "../../src/adapter/adapter";
import { dropping } from "../../src/adapter/dropping";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { side, sideModule, sidePlaces } from "../../src/adapter/side";
import { antiRedundant, meanOf } from "../../src/adapter/side-aggregate";
import { compile } from "../../src/engine/onnx/compile";
import { packBatch } from "../../src/engine/onnx/geometry";
import { keptBytes } from "../../src/engine/onnx/kept-memory";
import { recordGradient } from "../../src/engine/record-model";
import { referenceFeatures64, referenceGradient64, referenceTangents64 } from "../../src/engine/reference/session";
import { tensor } from "../../src/engine/reference/tensor";
import type { Tensor } from "../../src/engine/reference/tensor";
import type { TokenBatch } from "../../src/engine/session";
import type { Model } from "../../src/model/model";
import { bertSites } from "../../src/model/bert";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { layoutOf, view } from "../../src/tree/layout";
import { deepModel } from "../support/deep-model";
import { dot } from "../support/dot";
import { near, relativeError } from "../support/near";
import { opsAt } from "../support/ops-at";
import { scratch } from "../support/scratch";
import { smallEngines } from "../support/small-engines";
import { throwsWith } from "../support/throws";
import { tinyModel, tinyPlacement } from "../support/tiny-models";

// That its module is the reference's: common/golden-sherl. Saving, tangents and engines on shallow models: common/adapters.
const test = suite("adapter/side");
const folder = scratch();
test.after(() => folder.remove());
const engines = smallEngines(folder.file("cache"));

const sherl: SideSpec = { kind: "side", width: 4, aggregation: "anti-redundancy", form: "norm" };
const ops = opsAt(layoutOf([]), [[]]);
const row = (...values: readonly number[]): Tensor => tensor([1, 1, values.length], values);

test("worked example: of two features that say the same each counts half, and one that says something else counts whole", () => {
  const [s, other, d] = [row(3, 4), row(-4, 3), row(0, 0)];
  const one = (): Tensor => row(1);
  // rho = 2, 2 and 1: a = 1/2, 1/2 and 1, so w = 1/4, 1/4 and 1/2.
  near(antiRedundant(ops, [s, s, other], d, one, 0).data, [-0.5, 3.5], 1e-11);
  near(antiRedundant(ops, [s, other], d, one, 0).data, [-0.5, 3.5], 1e-11);
  near(meanOf(ops, [s, s, other], row(1, 1)).data, [5 / 3, 14 / 3], 1e-14);
});

test("a feature against the first says nothing twice: cosines below 0 do not count", () => {
  const found = antiRedundant(ops, [row(1, 0), row(-2, 0)], row(0, 5), () => row(1), 0);
  near(found.data, [-0.5, 5], 1e-11);
});

test("a feature of zeros, and scores of 0, leave numbers", () => {
  const found = antiRedundant(ops, [row(0, 0), row(3, 4)], row(1, 2), () => row(1), 1e-6);
  assert.ok(found.data.every(Number.isFinite));
  assert.equal([...antiRedundant(ops, [row(1, 0), row(3, 4)], row(1, 2), () => row(0), 1e-8).data], [1, 2]);
});

test("the hidden states that are read: all, some, or so many layers apart; the last layer's input always", () => {
  const sites = bertSites({ layers: 6, hidden: 8, intermediate: 16 });
  const places = (features?: SideSpec["features"]) => sidePlaces({ ...sherl, ...(features && { features }) }, sites);
  assert.equal(places(), [0, 1, 2, 3, 4, 5]);
  assert.equal(places({ apart: 2 }), [0, 2, 4, 5]);
  assert.equal(places({ apart: 9 }), [0, 5]);
  assert.equal(places([3, 1]), [1, 3, 5]);
});

test("worked count for MiniLM-L6: five features and the guide of 48 numbers each", () => {
  const sites = bertSites({ layers: 6, hidden: 384, intermediate: 1536 });
  const features = 6 * (384 * 48 + 48 + 2 * 48);
  const rest = 48 + 1 + (48 * 384 + 384 + 2 * 384) + 1;
  assert.is(side({ ...sherl, width: 48 }, sites).layout.size, features + rest);
  const gated = 6 * (384 * 48 + 48 + 2 * (48 * 48 + 48));
  const mean = side({ ...sherl, width: 48, form: "gated", aggregation: "mean" }, sites);
  assert.is(mean.layout.size, gated + 48 * 384 + 384 + 1);
});

test("bad input: each says what was expected, got, and where", () => {
  const deep = bertSites({ layers: 4, hidden: 8, intermediate: 16 });
  const made = (change: object, sites = deep) => makeAdapter({ ...sherl, ...change } as AdapterSpec, sites);
  throwsWith(() => made({ width: 0 }), "side.width: expected a positive integer, got 0");
  throwsWith(() => made({ form: "wide" }), 'side.form: expected "gated" or "norm", got "wide"');
  throwsWith(() => made({ aggregation: "max" }), 'side.aggregation: expected "anti-redundancy" or "mean", got "max"');
  throwsWith(() => made({ skip: "half" }), 'side.skip: expected "gate" or "whole", got "half"');
  throwsWith(() => made({ features: [] }), "side.features: expected at least one place of 0..2");
  throwsWith(() => made({ features: [1, 3] }), "side.features[1]: expected places 0..2, each once (the last layer takes place 3, which is always read), got 3"); // prettier-ignore
  throwsWith(() => made({ features: [1, 1] }), "side.features[1]: expected places 0..2, each once");
  throwsWith(() => made({ features: { apart: 0 } }), "side.features.apart: expected a positive integer, got 0");
  throwsWith(() => made({ width: 1e12 }), "side.width: expected at most 8, the width of the model's hidden states, got 1000000000000"); // prettier-ignore
  throwsWith(() => made({ width: 1 }), 'side.width: expected at least 2 with form "norm": the norm of one number is 0, got 1'); // prettier-ignore
  assert.ok(made({ width: 1, form: "gated" }).layout.size > 0 && made({ width: 8 }).layout.size > 0);
  for (const features of [null, "all", {}, 3])
    throwsWith(() => made({ features }), "side.features: expected a list of places, or { apart: layers }, got");
  throwsWith(() => made({ widht: 3 }), 'adapter side: expected the fields width, aggregation, form, features, skip; nearest: width, got "widht"'); // prettier-ignore
  throwsWith(() => made({ kind: "sides" }), 'adapter.kind: expected "tensor-train", ');
  const shallow = bertSites({ layers: 1, hidden: 8, intermediate: 16 });
  throwsWith(() => made({}, shallow), "side: expected a model of at least two layers: the last one takes what it gives, got"); // prettier-ignore
  throwsWith(() => dropping(made({})), "dropping: expected an adapter that adds something at sites");
});

/** A model of more layers, its adapter, a point away from the start, and a slope of the loss. */
function subject(model: Model, batch: TokenBatch, spec: AdapterSpec) {
  const adapter = makeAdapter(spec, model);
  const noise = (index: number) => normals(randomKey(11, "check", index), adapter.layout.size);
  const point = adapter.initial(3).map((value, i) => value + 0.1 * noise(0)[i]!);
  const slope = normals(randomKey(12, "check"), batch.ids.length * model.width);
  return { adapter, point, noise, slope };
}

test("at the start every weight is above 0, so v and c have a gradient; where every score is below 0 they have none, and D alone is left", () => {
  const { batch } = tinyModel("bert");
  const model = deepModel("bert", 4);
  const { adapter, slope } = subject(model, batch, sherl);
  const { layout } = adapter;
  const of = (gradient: Float64Array, name: string): number =>
    Math.max(...view(layout, Float32Array.from(gradient), name).map(Math.abs));
  const start = adapter.initial(5);
  const live = referenceGradient64(model, adapter, start, batch, () => slope);
  assert.ok(of(live, "side.score.weight") > 1e-4, "v");
  const dead = start.slice();
  view(layout, dead, "side.score.bias").fill(-1);
  const gradient = referenceGradient64(model, adapter, dead, batch, () => slope);
  assert.is(of(gradient, "side.score.weight"), 0);
  assert.is(of(gradient, "side.score.bias"), 0);
  assert.is(of(gradient, "side.0.down.weight"), 0);
  assert.ok(of(gradient, "side.3.down.weight") > 1e-4, "the guide");
  // What shallow features are no longer matters.
  const other = dead.slice();
  view(layout, other, "side.1.down.weight").fill(0.3);
  const features = (at: Float32Array) => referenceFeatures64(model, adapter, [at], batch).data;
  assert.equal(features(other), features(dead));
});

for (const name of ["bert", "llama", "opt"] as const)
  for (const form of ["gated", "norm"] as const)
    test(`${name} of five layers, ${form}: the gradient is central differences in float64, and every engine's`, async () => {
      const { batch } = tinyModel(name);
      const model = deepModel(name, 5);
      const { adapter, point, noise, slope } = subject(model, batch, { ...sherl, form });
      const exact = referenceGradient64(model, adapter, point, batch, () => slope);
      const z = noise(1);
      const value = (h: number) =>
        dot(
          referenceFeatures64(model, adapter, [Float64Array.from(point, (x, i) => x + h * z[i]!)], batch).data,
          slope,
        );
      near([dot(exact, z)], [(value(1e-6) - value(-1e-6)) / 2e-6], 1e-6, "difference");
      const { tangents } = referenceTangents64(model, adapter, point, [z], batch);
      near([dot(exact, z)], [dot(tangents.data, slope)], 1e-10, "tangent");
      const features = referenceFeatures64(model, adapter, [point, adapter.initial(1)], batch).data;
      for (const [engine, open] of Object.entries(engines)) {
        const session = await open(model, adapter);
        near((await session.features([point, adapter.initial(1)], batch)).data, features, 2e-5, engine);
        const { gradient } = await session.gradient!(point, batch, () => slope);
        near(gradient, exact, 1e-4, `${engine}, gradient`);
        await session.dispose();
      }
    });

test("frozen hidden states are kept for each text: computed once, and within 1e-6 of those of the batch", async () => {
  for (const name of ["bert", "llama-tied", "opt"] as const) {
    const { batch } = tinyModel(name);
    const model = deepModel(name, 4);
    const { adapter, point, slope } = subject(model, batch, sherl);
    const kept = await engines.onnx(model, adapter);
    const anew = await engines.onnx(model, adapter, { tuning: { prefixCache: 0 } });
    const turned = { ids: [...batch.ids].reverse(), scored: [...batch.scored!].reverse() };
    for (const part of [batch, turned, { ...batch }]) {
      const [got, expected] = [await kept.features([point], part), await anew.features([point], part)];
      near(got.data, expected.data, 1e-6, name);
      const [there, back] = [await kept.gradient!(point, part, () => slope), await anew.gradient!(point, part, () => slope)]; // prettier-ignore
      near(there.gradient, back.gradient, 1e-5, name);
    }
    const different = new Set(batch.ids.map((ids) => ids.join())).size;
    assert.equal([kept.prefixTexts(), anew.prefixTexts()], [2 * different, 0], "once for features, once for gradients");
    assert.equal(await kept.features([point], batch), await kept.features([point], { ...batch }), "the same bits");
    await kept.dispose();
    await anew.dispose();
  }
});

test("the way back does not grow with the layers below, nor does what is kept for it; with adapters in every layer both do", async () => {
  const { batch } = tinyModel("bert");
  const geometry = packBatch(batch);
  const figures = async (layers: number, spec: AdapterSpec) => {
    const model = deepModel("bert", layers);
    const adapter = makeAdapter(spec, model);
    const { program, cotangent } = recordGradient(model, adapter);
    const options = { fused: true, prefix: true, trunk: true } as const;
    const { back } = await compile(model, adapter, "gradient", folder.file("graphs"), options);
    return { operations: program.instructions.length - cotangent, bytes: keptBytes(back!.kept.values(), geometry) };
  };
  const some: AdapterSpec = { ...sherl, features: [0, 1] };
  assert.equal(await figures(12, some), await figures(3, some));
  const everywhere: AdapterSpec = { kind: "bottleneck", placement: tinyPlacement("bert"), bottleneck: 4, activation: "relu", scale: 1 }; // prettier-ignore
  const [three, twelve] = [await figures(3, everywhere), await figures(12, everywhere)];
  assert.ok(twelve.operations > 3 * three.operations && twelve.bytes > 3 * three.bytes);
  const sideBytes = (await figures(12, sherl)).bytes;
  assert.ok(sideBytes < twelve.bytes / 2, `${sideBytes} of ${twelve.bytes} bytes`);
});

test("recomputed on the way back, with one graph open, and in groups of texts, it computes the same", async () => {
  const { batch } = tinyModel("llama");
  const model = deepModel("llama", 4);
  const { adapter, point, slope } = subject(model, batch, sherl);
  const session = await engines.onnx(model, adapter, { recompute: true, keep: "one", tuning: { buckets: 2 } });
  const exact = referenceGradient64(model, adapter, point, batch, () => slope);
  for (let step = 0; step < 2; step++) {
    const found = await session.features([point], { ...batch });
    near(found.data, referenceFeatures64(model, adapter, [point], batch).data, 2e-5);
    near((await session.gradient!(point, { ...batch }, () => slope)).gradient, exact, 1e-4);
  }
  await session.dispose();
});

test("with the whole skip the model is as it was at the start, and moves from there", () => {
  for (const form of ["gated", "norm"] as const) {
    const { batch } = tinyModel("opt");
    const model = deepModel("opt", 3);
    const { adapter, slope } = subject(model, batch, { ...sherl, form, skip: "whole" });
    const frozen = referenceFeatures64(model, makeAdapter({ kind: "none" }, model), [[]], batch).data;
    const start = adapter.initial(2);
    near(referenceFeatures64(model, adapter, [start], batch).data, frozen, 1e-12);
    assert.ok(referenceGradient64(model, adapter, start, batch, () => slope).some((g) => Math.abs(g) > 1e-4));
    const moved = start.map((value, i) => value + 0.01 * Math.sin(i));
    assert.ok(relativeError(referenceFeatures64(model, adapter, [moved], batch).data, frozen) > 1e-4);
  }
});

test("the network alone: two places give the guide's feature and one more", () => {
  const module = sideModule({ ...sherl, aggregation: "mean" }, [0, 4], 8);
  assert.equal(
    module.layout.entries.map(({ name }) => name).filter((name) => name.includes("down.weight")),
    ["side.0.down.weight", "side.4.down.weight"],
  );
  assert.ok(!module.layout.entries.some(({ name }) => name.startsWith("side.score")), "a mean has no scores");
});

test.run();

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AdapterSpec } from "../../src/adapter/adapter";
import { makeAdapter } from "../../src/adapter/make-adapter";
import type { OnnxOptions } from "../../src/engine/onnx/session";
import {
  referenceFeatures64,
  referenceGradient64,
  referenceSession,
  referenceTangents64,
} from "../../src/engine/reference/session";
import { lowBits, lowBitsName } from "../../src/model/low-bits";
import type { LowBits } from "../../src/model/low-bits";
import type { Model } from "../../src/model/model";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { near, relativeError } from "../support/near";
import { scratch } from "../support/scratch";
import { smallEngines } from "../support/small-engines";
import { rejectsWith, throwsWith } from "../support/throws";
import { tinyModel, tinyPlacement } from "../support/tiny-models";
import type { TinyModelName } from "../support/tiny-models";

// Against PyTorch's autograd, by all weights: engine/autograd. That <gradient, z> is the tangent along z: engine/reference/gradient.
const test = suite("model/low-bits");
const folder = scratch();
test.after(() => folder.remove());

const names: readonly TinyModelName[] = ["bert", "llama", "opt-post-norm"];
const cases: readonly LowBits[] = [
  { weights: 8, activations: 8 },
  { weights: 4, activations: 8 },
  { weights: 2, activations: 8 },
  { weights: 3, activations: null },
  { weights: 4, activations: 8, per: "tensor" },
];
const specs = (name: TinyModelName): readonly AdapterSpec[] => [
  { kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] },
  { kind: "bottleneck", placement: tinyPlacement(name), bottleneck: 4, activation: "gelu", scale: 1, up: "small" },
  { kind: "full", layers: "all" },
];
const engines = smallEngines(folder.file("cache"));
const onOnnx = (model: Model, spec: AdapterSpec, options: OnnxOptions = {}) =>
  engines.onnx(model, makeAdapter(spec, model), options);

/** float32's rounding: a number that fell on the other side of a tie would move all that follows by a part of a step. */
const TOLERANCE = { features: 5e-5, derivatives: 5e-4 } as const;

for (const name of names)
  for (const bits of cases)
    for (const spec of specs(name))
      test(`${name} ${lowBitsName(bits)}, ${spec.kind}: losses, tangents and gradients on ONNX Runtime are float64's`, async () => {
        const { model: whole, batch } = tinyModel(name);
        const model = lowBits(whole, bits);
        const adapter = makeAdapter(spec, model);
        const noise = (index: number) => normals(randomKey(11, "check", index), adapter.layout.size);
        const point = adapter.initial(3).map((value, i) => value + 0.05 * noise(0)[i]!);
        const slope = normals(randomKey(12, "check"), batch.ids.length * model.width);
        const session = await onOnnx(model, spec);
        const exact = referenceFeatures64(model, adapter, [point], batch).data;
        near((await session.features([point], batch)).data, exact, TOLERANCE.features, "features");
        const { tangents } = await session.tangents(point, [noise(1)], batch);
        const along = referenceTangents64(model, adapter, point, [noise(1)], batch).tangents.data;
        near(tangents.data, along, TOLERANCE.derivatives, "tangents");
        const { gradient } = await session.gradient!(point, batch, () => slope);
        near(
          gradient,
          referenceGradient64(model, adapter, point, batch, () => slope),
          TOLERANCE.derivatives,
          "gradient",
        );
        assert.ok(relativeError(exact, referenceFeatures64(whole, adapter, [point], batch).data) > 1e-3, "it rounds");
        await session.dispose();
      });

test("TensorFlow.js agrees, and several points have the bits of one at a time", async () => {
  for (const bits of cases.slice(1)) {
    const { model: whole, batch } = tinyModel("llama");
    const model = lowBits(whole, bits);
    const adapter = makeAdapter(specs("llama")[1]!, model);
    const points = [0, 1].map((seed) => adapter.initial(seed));
    const slope = normals(randomKey(12, "check"), batch.ids.length * model.width);
    const tfjs = await engines.tfjs(model, adapter);
    near((await tfjs.features(points, batch)).data, referenceFeatures64(model, adapter, points, batch).data, 5e-5);
    const exact = referenceGradient64(model, adapter, points[0]!, batch, () => slope);
    near((await tfjs.gradient(points[0]!, batch, () => slope)).gradient, exact, 5e-4);
    await tfjs.dispose();
    const session = await onOnnx(model, specs("llama")[1]!);
    const both = (await session.features(points, batch)).data;
    for (const [i, point] of points.entries()) {
      const { data } = await session.features([point], batch);
      near(both.subarray(i * data.length, (i + 1) * data.length), data, 1e-6);
    }
    await session.dispose();
  }
});

test("frozen weights are rounded as trained ones are, and the weights that full training starts from are not rounded", async () => {
  const { model: whole, batch } = tinyModel("qwen2");
  for (const weights of [2, 4, 8]) {
    const model = lowBits(whole, { weights, activations: 8 });
    const full = makeAdapter({ kind: "full", layers: "all" }, model);
    assert.equal(full.initial(0), makeAdapter({ kind: "full", layers: "all" }, whole).initial(0));
    const trained = referenceFeatures64(model, full, [full.initial(0)], batch).data;
    near(referenceFeatures64(model, makeAdapter({ kind: "none" }, model), [[]], batch).data, trained, 1e-6);
  }
});

test("W8 is what the engine's own int8 stores, so a model of rounded weights opens at that precision unchanged", async () => {
  const { model: whole, batch } = tinyModel("llama");
  const none: AdapterSpec = { kind: "none" };
  const model = lowBits(whole, { weights: 8, activations: null });
  const exact = referenceFeatures64(model, makeAdapter(none, model), [[]], batch).data;
  for (const [opened, tolerance] of [
    [model, 2e-6],
    [whole, 1e-3],
  ] as const) {
    const session = await onOnnx(opened, none, { precision: { kind: "int8" } });
    near((await session.features([new Float32Array(0)], batch)).data, exact, tolerance);
    await session.dispose();
  }
});

test("by token a text has alone the features that it has in a batch; by tensor it has those of its batch, kept or not", async () => {
  const { model: whole, batch } = tinyModel("bert");
  const top: AdapterSpec = { kind: "lora", rank: 2, alpha: 4, targets: ["query"], layers: { from: 1 } };
  for (const per of ["token", "tensor"] as const) {
    const model = lowBits(whole, { weights: 4, activations: 4, per });
    const adapter = makeAdapter(top, model);
    const point = adapter.initial(0);
    const session = await onOnnx(model, top, { tuning: { buckets: 2 } });
    const together = (await session.features([point], batch)).data;
    near(together, referenceFeatures64(model, adapter, [point], batch).data, 5e-5, per);
    const alone = (await session.features([point], { ids: [batch.ids[0]!] })).data;
    const error = relativeError(alone, together.subarray(0, model.width));
    assert.ok(per === "token" ? error < 1e-6 : error > 1e-3, `${per}: ${error}`);
    await session.dispose();
  }
});

test("hidden states by name are those of the rounded layers", async () => {
  const { model: whole, batch } = tinyModel("bert");
  const model = lowBits(whole, { weights: 4, activations: 8 });
  const session = await onOnnx(model, { kind: "none" });
  const exact = (await referenceSession(model, makeAdapter({ kind: "none" }, model)).hidden!(["layers.1"], batch)).get(
    "layers.1",
  )!;
  near((await session.hidden!(["layers.1"], batch)).get("layers.1")!.data, exact.data, 5e-5);
  await session.dispose();
});

test("bits that are no count from 2 to 16, an unknown range, and factors of rounded weights are refused", async () => {
  const { model } = tinyModel("bert");
  for (const [bits, message] of [
    [0, "expected a positive integer, got 0"],
    [1, "expected 2 to 16 bits, got 1"],
    [1.5, "expected a positive integer, got 1.5"],
    [17, "expected 2 to 16 bits, got 17"],
    [NaN, "expected a positive integer, got NaN"],
  ] as const) {
    throwsWith(() => lowBits(model, { weights: bits, activations: 8 }), `lowBits.weights: ${message}`);
    throwsWith(() => lowBits(model, { weights: null, activations: bits }), `lowBits.activations: ${message}`);
  }
  throwsWith(
    () => lowBits(model, { weights: 4, activations: 8, per: "text" as "token" }),
    'lowBits.per: expected "token" or "tensor", got "text"',
  );
  const spec: AdapterSpec = { kind: "full", layers: "all", factors: 1 };
  await rejectsWith(
    onOnnx(lowBits(model, { weights: 4, activations: 8 }), spec),
    "full.factors: expected weights that are not rounded (train them without factors)",
  );
});

test.run();

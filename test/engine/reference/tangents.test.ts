import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Adapter, AdapterSpec } from "../../../src/adapter/adapter";
import { makeAdapter } from "../../../src/adapter/make-adapter";
import { referenceFeatures64, referenceSession, referenceTangents64 } from "../../../src/engine/reference/session";
import type { TokenBatch } from "../../../src/engine/session";
import type { Model } from "../../../src/model/model";
import { randomKey } from "../../../src/random/key";
import { normals } from "../../../src/random/normals";
import { near, relativeError } from "../../support/near";
import { tinyModel, tinyModelNames, tinyPlacement, type TinyModelName } from "../../support/tiny-models";
import { throwsWith } from "../../support/throws";

const test = suite("engine/reference/tangents");

const lora = (...targets: readonly string[]): AdapterSpec => ({ kind: "lora", rank: 3, alpha: 6, targets });
const train = (placement: "llama" | "roberta"): AdapterSpec => ({
  kind: "tensor-train",
  placement,
  rank: 3,
  bottleneck: 12,
  scale: 0.7,
  modes: null,
});
const cases: readonly (readonly [TinyModelName, AdapterSpec])[] = [
  ...tinyModelNames.map((name) => [name, train(tinyPlacement(name))] as const),
  ["bert", lora("query", "value")],
  ["bert", lora("query")],
  ["bert", lora("key")],
  ["bert", lora("value")],
  ["bert", lora("query", "key", "value", "output", "up", "down")],
  ["llama", lora("query", "value")],
  ["llama", lora("query")],
  ["llama", lora("key")],
  ["llama", lora("value")],
  ["llama-tied", lora("query", "key", "value", "output", "gate", "up", "down")],
  ["llama-biases", lora("query", "key", "value", "output", "gate", "up", "down")],
  ["roberta-masked", lora("query", "key", "value", "output", "up", "down")],
  ["llama-yarn", lora("query", "key")],
  ["mistral", lora("query", "key", "value")],
  ["qwen2", lora("query", "value")],
  ["opt", lora("query", "key", "value", "output", "up", "down")],
  ["opt-post-norm", lora("query", "value", "up")],
];

/** A point off the adapter's start (where LoRA's B is zero), in float64. */
function somePoint(adapter: Adapter): Float64Array {
  const noise = normals(randomKey(1, "check"), adapter.layout.size);
  return Float64Array.from(adapter.initial(3), (value, i) => value + 0.1 * noise[i]);
}

function direction(adapter: Adapter, index: number): Float32Array {
  return normals(randomKey(2, "check", index), adapter.layout.size);
}

/** (f(w + epsilon z) - f(w - epsilon z)) / (2 epsilon) of every feature. */
function difference(
  model: Model,
  adapter: Adapter,
  point: Float64Array,
  z: Float32Array,
  epsilon: number,
  batch: TokenBatch,
): Float64Array {
  const moved = [1, -1].map((sign) => point.map((value, i) => value + sign * epsilon * z[i]));
  const { data } = referenceFeatures64(model, adapter, moved, batch);
  const half = data.length / 2;
  return data.slice(0, half).map((value, i) => (value - data[half + i]) / (2 * epsilon));
}

for (const [name, spec] of cases) {
  const { model, batch } = tinyModel(name);
  const adapter = makeAdapter(spec, model.sites);
  const point = somePoint(adapter);
  const what = spec.kind === "lora" ? `LoRA on ${spec.targets.join(", ")}` : "tensor train";

  test(`${name}, ${what}: tangents are the central differences of features`, () => {
    const directions = [0, 1].map((i) => direction(adapter, i));
    const { primal, tangents } = referenceTangents64(model, adapter, point, directions, batch);
    near(primal.data, referenceFeatures64(model, adapter, [point], batch).data, 1e-13, "primal");
    const size = primal.data.length;
    directions.forEach((z, i) => {
      const expected = difference(model, adapter, point, z, 1e-5, batch);
      assert.ok(Math.max(...expected.map(Math.abs)) > 1e-3, "the features move");
      near(tangents.data.subarray(i * size, (i + 1) * size), expected, 1e-6, `direction ${i}`);
    });
  });

  test(`${name}, ${what}: many points or directions give the bits of one at a time`, async () => {
    const session = referenceSession(model, adapter);
    const points = [0, 1, 2].map((seed) => adapter.initial(seed));
    const all = await session.features(points, batch);
    const many = await session.tangents(points[0], [points[1], points[2]], batch);
    const size = batch.ids.length * model.width;
    for (const [i, one] of points.entries())
      assert.equal((await session.features([one], batch)).data, all.data.slice(i * size, (i + 1) * size));
    for (const [i, one] of [points[1], points[2]].entries())
      assert.equal(
        (await session.tangents(points[0], [one], batch)).tangents.data,
        many.tangents.data.slice(i * size, (i + 1) * size),
      );
  });

  test(`${name}, ${what}: a batch of one text keeps its axes`, async () => {
    const session = referenceSession(model, adapter);
    const { primal, tangents } = await session.tangents(adapter.initial(0), [direction(adapter, 0)], { ids: [[9]] });
    for (const features of [primal, tangents]) {
      assert.equal([features.points, features.texts, features.width], [1, 1, model.width]);
      assert.ok(features.data.every(Number.isFinite));
    }
  });
}

test("the two-sided difference tends to the tangent as the square of epsilon", () => {
  const { model, batch } = tinyModel("llama");
  const adapter = makeAdapter(lora("query", "value"), model.sites);
  const point = somePoint(adapter);
  const z = direction(adapter, 0);
  const { tangents } = referenceTangents64(model, adapter, point, [z], batch);
  const errors = [4e-3, 2e-3, 1e-3].map((epsilon) =>
    relativeError(difference(model, adapter, point, z, epsilon, batch), tangents.data),
  );
  const ratios = [errors[0] / errors[1], errors[1] / errors[2]];
  assert.ok(
    ratios.every((ratio) => ratio > 3.5 && ratio < 4.5),
    `halving epsilon divides the error by about 4, got ${ratios}`,
  );
});

test("without an adapter the tangents are zero", async () => {
  const { model, batch } = tinyModel("bert");
  const session = referenceSession(model, makeAdapter({ kind: "none" }, model.sites));
  const { tangents } = await session.tangents(new Float32Array(0), [new Float32Array(0)], batch);
  assert.is(tangents.data.length, batch.ids.length * model.width);
  assert.ok(tangents.data.every((value) => value === 0));
});

test("a point of another size is an error that says both sizes", async () => {
  const { model, batch } = tinyModel("bert");
  const adapter = makeAdapter(lora("query"), model.sites);
  throwsWith(
    () => referenceFeatures64(model, adapter, [[1, 2]], batch),
    new RegExp(`points\\[0\\]: expected length ${adapter.layout.size}, got 2`),
  );
});

test.run();

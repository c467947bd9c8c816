import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { AdapterSpec } from "../../src/adapter/adapter";
import { dropping } from "../../src/adapter/dropping";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { interpolated, scaledPoint } from "../../src/adapter/scaled-point";
import { referenceFeatures64 } from "../../src/engine/reference/session";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { near } from "../support/near";
import { throwsWith } from "../support/throws";
import { tinyModel } from "../support/tiny-models";

const test = suite("adapter/scaled-point");
const { model, batch } = tinyModel("bert");

function moved(spec: AdapterSpec) {
  const adapter = makeAdapter(spec, model);
  const noise = normals(randomKey(31, "check", 0), adapter.layout.size);
  return { adapter, point: adapter.initial(3).map((value, i) => value + 0.1 * noise[i]!) };
}

const proportional: readonly AdapterSpec[] = [
  { kind: "linear", placement: "roberta", rank: "full", scale: 1 },
  { kind: "linear", placement: "llama", rank: 2, scale: 1 },
  { kind: "lora", rank: 2, alpha: 4, targets: ["query", "down"] },
  { kind: "lora-xs", rank: 3, alpha: 6, targets: ["query", "down"] },
  { kind: "tt-core", rank: 3, inner: 2, alpha: 6, targets: ["query"] },
];
for (const spec of proportional)
  test(`${spec.kind}: a share of the point's change is the change times that share`, () => {
    const { adapter, point } = moved(spec);
    const whole = dropping(adapter);
    const features = (at: Float32Array) => referenceFeatures64(model, adapter, [at], batch).data;
    for (const share of [0, 0.25, 0.8, 1, 1.5]) {
      const keep = new Map(whole.drops!.map((site) => [site, share]));
      near(features(scaledPoint(adapter, point, share)), [...referenceFeatures64(model, whole, [point], { ...batch, keep }).data], 1e-6); // prettier-ignore
    }
    assert.equal(scaledPoint(adapter, point, 1), point);
    near(features(scaledPoint(adapter, point, 0)), [...referenceFeatures64(model, makeAdapter({ kind: "none" }, model), [[]], batch).data], 1e-12); // prettier-ignore
  });

test("of the model's own weights it is a point between where they started and where they are", () => {
  const { adapter, point } = moved({ kind: "full", layers: "all" });
  assert.equal(scaledPoint(adapter, point, 1), point);
  assert.equal([...scaledPoint(adapter, point, 0)], [...adapter.initial(0)]);
  const [start, between] = [adapter.initial(0), scaledPoint(adapter, point, 0.25)];
  near(between, [...start].map((value, i) => value + 0.25 * (point[i]! - value)), 1e-7); // prettier-ignore
});

test("a share of 0 is the start's own bits, whatever the point came to", () => {
  const start = Float32Array.of(-0, 1, 2);
  const found = interpolated(start, Float32Array.of(1, Infinity, NaN), 0);
  assert.ok(Object.is(found[0], -0));
  assert.equal([...found.subarray(1)], [1, 2]);
});

test("what has no such share is refused", () => {
  throwsWith(() => interpolated(new Float32Array(2), new Float32Array(3), 0.5), "point");
  for (const spec of [
    { kind: "prefix", tokens: 2 },
    { kind: "bottleneck", placement: "roberta", bottleneck: 2, activation: "relu", scale: 1 },
    { kind: "full", layers: "all", factors: 2 },
  ] as const) {
    const { adapter, point } = moved(spec);
    throwsWith(() => scaledPoint(adapter, point, 0.5), "adapter: expected one whose change is proportional to a tensor of its own"); // prettier-ignore
  }
  const { adapter, point } = moved(proportional[0]!);
  throwsWith(() => scaledPoint(adapter, point, NaN), "share: expected a finite number, got NaN");
  throwsWith(() => scaledPoint(adapter, point, 1e39), "share: expected a number that float32 can hold, got 1e+39");
  throwsWith(() => scaledPoint(adapter, point.subarray(1), 0.5), "point");
});

test.run();

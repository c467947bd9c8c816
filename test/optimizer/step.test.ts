import { suite } from "uvu";
import * as assert from "uvu/assert";
import { isFiniteEstimate } from "../../src/estimator/estimate";
import { createWorkspace } from "../../src/estimator/workspace";
import { type Method } from "../../src/optimizer/method";
import { adazeta, mezo, randomMask } from "../../src/optimizer/recipes";
import { applyRecorded, step } from "../../src/optimizer/step";
import { layoutOf } from "../../src/tree/layout";
import { curved, quadratic, recordingObjective } from "../estimator/objectives";
import { throwsWith } from "../support/throws";

const test = suite("optimizer/step");

const layout = layoutOf([
  { name: "core", shape: [2, 3], decay: true },
  { name: "bias", shape: [5], decay: false },
]);
const start = Float32Array.from({ length: 11 }, (_, i) => Math.sin(i));
const ramp = { kind: "linear", from: 1e-2, to: 1e-3, over: 20, unit: "step" } as const;

const methods: readonly Method[] = [
  mezo({ learningRate: 1e-2 }),
  mezo({ learningRate: ramp, queries: 3, weightDecay: 0.1, chunk: 2 }),
  adazeta({ learningRate: 1e-2, exponent: { target: 8, epochs: 5 }, weightDecay: 0.01 }),
  adazeta({ learningRate: ramp, exponent: 0.5, estimator: "directional" }),
  randomMask({ learningRate: 1e-2, queries: 2 }),
];

test("one step of MeZO on L = 3 x^2 / 2 from x = 2 with learning rate 1/4 lands at 1/2", async () => {
  // signs: g = 6 exactly (p = 6 z, g = p z), x = 2 - 6 / 4
  const method: Method = { ...mezo({ learningRate: 0.25, perturbationScale: 0.5 }), directions: { kind: "sign" } };
  const one = layoutOf([{ name: "x", shape: [1], decay: true }]);
  const result = await step(method, recordingObjective(), Float32Array.of(2), {
    seed: 0,
    step: 0,
    epoch: 0,
    layout: one,
    batch: quadratic([3], [0]),
  });
  assert.equal(result.point, Float32Array.of(0.5));
  assert.is(result.queries, 1);
  assert.is(result.learningRate, 0.25);
});

for (const [index, method] of methods.entries()) {
  test(`a run of ${method.name} (${index}) and its replay from JSON have the same bits after every step`, async () => {
    const workspace = createWorkspace(layout.size);
    let [point, replayed] = [start, start.slice()];
    for (let i = 0; i < 20; i++) {
      const at = { seed: 9, step: i, epoch: Math.floor(i / 4), layout };
      const result = await step(method, recordingObjective(), point, { ...at, batch: curved, workspace });
      const { projectedGradients } = JSON.parse(JSON.stringify(result.estimate)) as typeof result.estimate;
      const read = JSON.parse(JSON.stringify(method)) as Method;
      replayed = applyRecorded(read, replayed, { ...at, projectedGradients }).point;
      point = result.point;
      assert.equal(new Uint32Array(replayed.buffer), new Uint32Array(point.buffer), `step ${i}`);
      assert.is(result.estimate.projectedGradients.length, result.queries);
    }
    assert.not.equal(point, start);
  });
}

test("a fresh workspace and a used one give the same bits", async () => {
  const workspace = createWorkspace(layout.size);
  const input = { seed: 9, epoch: 3, layout, batch: curved };
  await step(methods[2], recordingObjective(), start, { ...input, step: 11, workspace });
  const used = await step(methods[2], recordingObjective(), start, { ...input, step: 12, workspace });
  assert.equal(used, await step(methods[2], recordingObjective(), start, { ...input, step: 12 }));
});

test("steps lower a quadratic loss, for every method", async () => {
  const batch = quadratic(new Array(11).fill(1), new Array(11).fill(0));
  for (const method of methods) {
    let point = start;
    for (let i = 0; i < 100; i++) {
      point = (
        await step(method, recordingObjective(), point, { seed: 2, step: i, epoch: Math.floor(i / 10), layout, batch })
      ).point;
    }
    assert.ok(
      batch.loss(point) < 0.9 * batch.loss(start),
      `${method.name}: ${batch.loss(point)} from ${batch.loss(start)}`,
    );
  }
});

test("a loss that is not finite moves nothing, in the run and in its replay", async () => {
  const batch = { loss: () => NaN, gradient: () => [] };
  const at = { seed: 0, step: 0, epoch: 0, layout };
  const { point, estimate } = await step(mezo(), recordingObjective(), start, { ...at, batch });
  assert.is(point, start);
  assert.not(isFiniteEstimate(estimate));
  assert.is(applyRecorded(mezo(), start, { ...at, projectedGradients: estimate.projectedGradients }).point, start);
});

test("a point of another layout, and a step without a record, are refused", async () => {
  const at = { seed: 0, step: 0, epoch: 0, layout };
  const short = new Float32Array(10);
  const message = await step(mezo(), recordingObjective(), short, { ...at, batch: curved }).then(
    () => "",
    (error: Error) => error.message,
  );
  assert.is(message, "point: expected length 11, got 10");
  throwsWith(
    () => applyRecorded(mezo(), short, { ...at, projectedGradients: [1] }),
    "point: expected length 11, got 10",
  );
  throwsWith(
    () => applyRecorded(mezo(), start, { ...at, projectedGradients: [] }),
    "projectedGradients: expected at least one query, got []",
  );
  throwsWith(
    () => applyRecorded(mezo(), start, { ...at, step: -1, projectedGradients: [1] }),
    "step: expected a non-negative integer, got -1",
  );
});

test.run();

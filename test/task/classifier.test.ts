import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import { referenceSession } from "../../src/engine/reference/session";
import { tfjsSession } from "../../src/engine/tfjs/session";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { classifierObjective, evaluateClassifier } from "../../src/task/classifier";
import { labelWordReadout } from "../../src/task/readout";
import { dot } from "../../src/tree/vector";
import { bagSession } from "../support/bag-session";
import { rejectsWith, throwsWith } from "../support/throws";
import { tinyModel } from "../support/tiny-models";

const test = suite("task/classifier");
const near = (got: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(got - expected) <= tolerance, `${got} is not ${expected} within ${tolerance}`);

// Two tokens, two features, identity readout: the scores of a text are the sums of its tokens' rows.
const session = bagSession(2, 2);
const readout = labelWordReadout(new Float32Array([1, 0, 0, 1]), 2);
const batch = { input: { ids: [[0], [1, 1]] }, labels: [0, 1] };

test("the worked example: rows (1,0) and (0,1) score (1,0) and (0,2)", async () => {
  // losses log(1 + e^-1) and log(1 + e^-2)
  const point = new Float32Array([1, 0, 0, 1]);
  const expected = (Math.log1p(Math.exp(-1)) + Math.log1p(Math.exp(-2))) / 2;
  const losses = await classifierObjective(session, readout).losses([point, new Float32Array(4)], batch);
  near(losses[0], expected, 1e-12);
  near(losses[1], Math.log(2), 1e-12);
  const found = await evaluateClassifier(session, readout, point, [batch, { input: { ids: [[1]] }, labels: [0] }]);
  assert.equal(found.predictions, [0, 1, 1]);
  assert.is(found.count, 3);
  assert.is(found.accuracy, 2 / 3);
  near(found.loss, (2 * expected + Math.log1p(Math.E)) / 3, 1e-12);
});

test("derivatives agree with two-sided differences of the losses", async () => {
  const objective = classifierObjective(session, readout);
  const point = new Float32Array([0.5, -0.25, 0.125, 0.75]);
  const directions = [new Float32Array([1, 0, -1, 0.5]), new Float32Array([0, 2, 0.25, -1])];
  const { loss, derivatives } = await objective.derivatives(point, directions, batch);
  near(loss, (await objective.losses([point], batch))[0], 1e-12);
  for (const [q, direction] of directions.entries()) {
    const epsilon = 2 ** -8;
    const at = (sign: number) => point.map((value, i) => value + sign * epsilon * direction[i]);
    const [plus, minus] = await objective.losses([at(1), at(-1)], batch);
    near(derivatives[q], (plus! - minus!) / (2 * epsilon), 1e-4);
  }
});

test("many points give the losses of one at a time, to the bit", async () => {
  const objective = classifierObjective(session, readout);
  const points = [1, 2, 3].map((k) => Float32Array.from({ length: 4 }, (_, i) => Math.sin(k * i + k)));
  const together = await objective.losses(points, batch);
  for (const [i, point] of points.entries()) assert.is((await objective.losses([point], batch))[0], together[i]);
});

test("the gradient along a direction is the derivative along it, on every engine that has gradients", async () => {
  const { model, batch: input } = tinyModel("bert");
  const adapter = makeAdapter({ kind: "lora", rank: 2, alpha: 4, targets: ["query", "value"] }, model.sites);
  const made = (index: number, size: number) => normals(randomKey(3, "check", index), size);
  const head = labelWordReadout(made(0, 3 * model.width), 3);
  const labelled = { input, labels: input.ids.map((_, b) => b % 3) };
  const point = made(1, adapter.layout.size).map((value) => 0.1 * value);
  const directions = [made(2, point.length), made(3, point.length)];
  const sessions = [
    referenceSession(model, adapter),
    await tfjsSession(model, adapter),
    await onnxSession(model, adapter, { threads: 1 }),
  ];
  for (const on of sessions) {
    const objective = classifierObjective(on, head);
    const { loss, gradient } = await objective.gradient!(point, labelled);
    const expected = await objective.derivatives(point, directions, labelled);
    near(loss, expected.loss, 1e-6);
    for (const [q, z] of directions.entries()) near(dot(gradient, z), expected.derivatives[q], 1e-5);
    await on.dispose();
  }
  assert.is(classifierObjective(session, readout).gradient, undefined);
});

test("a batch of one works, and NaN parameters give a NaN loss and no right prediction", async () => {
  const one = { input: { ids: [[0, 1]] }, labels: [1] };
  const lost = new Float32Array(4).fill(NaN);
  assert.ok(Number.isNaN((await classifierObjective(session, readout).losses([lost], one))[0]));
  const found = await evaluateClassifier(session, readout, lost, [one]);
  assert.ok(Number.isNaN(found.loss));
  assert.equal([found.accuracy, ...found.predictions], [0, -1]);
});

test("a readout of another width, labels of another length and no batches are errors", async () => {
  const wide = labelWordReadout(new Float32Array(6), 2);
  throwsWith(() => classifierObjective(session, wide), "readout.width: expected 2, the session's, got 3");
  const crooked = { input: { ids: [[0]] }, labels: [0, 1] };
  const objective = classifierObjective(session, readout);
  await rejectsWith(objective.losses([new Float32Array(4)], crooked), "batch.labels: expected length 1, got 2");
  await rejectsWith(evaluateClassifier(session, readout, new Float32Array(4), []), "batches: expected at least one");
});

test.run();

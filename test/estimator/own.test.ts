import { readFileSync, truncateSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { gaussianDirection } from "../../src/estimator/directions";
import { estimate } from "../../src/estimator/estimate";
import { gradientOf } from "../../src/estimator/form";
import { ownEstimator } from "../../src/estimator/probes/own";
import type { OwnEstimator, EstimatorAnswer } from "../../src/estimator/probes/own";
import { createWorkspace } from "../../src/estimator/workspace";
import { adazeta, mezo } from "../../src/optimizer/recipes";
import { passesOfStep } from "../../src/train/settings";
import { replay } from "../../src/train/replay";
import { trainInFile } from "../../src/train/train-in-file";
import { readTrajectory } from "../../src/train/trajectory";
import { quadraticRun, settingsOf } from "../support/analytic-runs";
import { scratch } from "../support/scratch";
import { rejectsWith, throwsWith } from "../support/throws";
import { quadratic, recordingObjective } from "./objectives";

const test = suite("estimator/probes/own");
const files = scratch();
test.after(() => files.remove());

const oneSided = (perturbationScale: number): OwnEstimator =>
  ownEstimator({
    name: "one-sided",
    settings: { perturbationScale },
    passes: { once: 1, perQuery: 1 },
    async project({ point, directions, settings, ahead, losses }) {
      const scale = settings.perturbationScale;
      const [here, ...there] = await losses([point, ...directions.map((z) => ahead(z, scale))]);
      return { loss: here, projectedGradients: there.map((loss) => (loss - here) / scale) };
    },
  });
const directions = { kind: "gaussian" } as const;
const step = (queries: number) => ({ seed: 3, step: 2, queries, directions, batch: quadratic([3, 1], [0, 1]) });

test("one-sided differences of L = (3 x^2 + y^2) / 2 + y are p = <grad, z> + eps (3 z_x^2 + z_y^2) / 2", async () => {
  const point = Float32Array.of(2, -1);
  const found = await estimate(oneSided(2 ** -4), recordingObjective(), point, step(2));
  found.projectedGradients.forEach((p, q) => {
    const [zx, zy] = gaussianDirection(3, 2, q, 2);
    // The gradient at (2, -1) is (6, 0).
    const expected = 6 * zx + (2 ** -4 * (3 * zx ** 2 + zy ** 2)) / 2;
    assert.ok(Math.abs(p - expected) < 1e-5, `${p} instead of ${expected}`);
  });
  assert.is(found.forwardPasses, 3);
  assert.is(found.loss, 3 * 2 + 0.5 - 1);
});

test("its gradient has the bits that recorded scalars give", async () => {
  const workspace = createWorkspace(2);
  const found = await estimate(oneSided(1e-2), recordingObjective(), Float32Array.of(2, -1), step(5), workspace);
  const recorded = { seed: 3, step: 2, projectedGradients: found.projectedGradients };
  assert.equal(workspace.gradient, gradientOf(directions, recorded, 2));
});

test("a run with it is written, cut off, continued to the same bits and replayed without its function", async () => {
  const method = mezo({ learningRate: 1e-2, queries: 3, estimator: oneSided(1e-3) });
  const run = quadraticRun({ settings: settingsOf({ method }) });
  const path = files.file("own.jsonl");
  const whole = await trainInFile({ ...run, path });
  const recorded = readTrajectory(path)!;
  const header = JSON.stringify(recorded.header);
  assert.match(header, /"kind":"own","name":"one-sided"/);
  assert.match(header, /loss ?- ?here/);
  assert.equal(replay(recorded, run.start, run.layout), whole.point);
  truncateSync(path, Math.floor(readFileSync(path).length / 2));
  assert.equal((await trainInFile({ ...run, path })).point, whole.point);
});

test("a run whose estimator was changed does not continue the record of the old one", async () => {
  const at = (scale: number) => settingsOf({ method: mezo({ learningRate: 1e-2, estimator: oneSided(scale) }) });
  const path = files.file("changed.jsonl");
  await trainInFile({ ...quadraticRun({ settings: at(1e-3) }), path });
  await rejectsWith(trainInFile({ ...quadraticRun({ settings: at(1e-2) }), path }), "perturbationScale");
});

test("a budget of forward passes counts it as it says", () => {
  const method = adazeta({ exponent: { target: 8, epochs: 15 }, estimator: oneSided(1e-3) });
  const settings = settingsOf({ method });
  assert.is(passesOfStep({ ...settings, method: { ...method, queries: { kind: "constant", value: 4 } } }, 0), 5);
});

test("one that spends other passes than it says, or answers too few queries, is refused; so is a mere record", async () => {
  const ask = (estimator: OwnEstimator) => estimate(estimator, recordingObjective(), Float32Array.of(2, -1), step(2));
  const answer: EstimatorAnswer = { projectedGradients: [1, 2], loss: 0 };
  const written = (passes: OwnEstimator["passes"], project: () => Promise<EstimatorAnswer>) =>
    ownEstimator({ name: "mine", settings: {}, passes, project });
  await rejectsWith(
    ask(written({ once: 1, perQuery: 0 }, async () => answer)),
    "forward passes of estimator mine: expected 1 with 2 queries",
  );
  await rejectsWith(
    ask(written({ once: 1, perQuery: 0 }, async () => ({ ...answer, projectedGradients: [1] }))),
    "projected gradients of estimator mine",
  );
  const record = JSON.parse(JSON.stringify(oneSided(1e-3))) as OwnEstimator;
  await rejectsWith(ask(record), "estimator one-sided: expected its function (run the cell that defines it)");
  throwsWith(() => written({ once: -1, perQuery: 0 }, async () => answer), "estimator.passes.once");
  throwsWith(
    () => written({ once: 1, perQuery: 1, chunk: 2 }, async () => answer),
    'estimator.passes: expected once and perQuery alone, got "chunk"',
  );
  throwsWith(() => written({ once: 0, perQuery: 0 }, async () => answer), "estimator.passes: expected at least one");
});

test("what is no number is refused by name before it reaches a record, and so are settings that are no plain data", async () => {
  const ask = (project: () => Promise<unknown>) => {
    const spec = { name: "mine", settings: {}, passes: { once: 1, perQuery: 0 } };
    const estimator = ownEstimator({ ...spec, project: project as () => Promise<EstimatorAnswer> });
    return estimate(estimator, recordingObjective(), Float32Array.of(2, -1), step(1));
  };
  const [loss, projectedGradients] = [0, [1]];
  await rejectsWith(ask(async () => ({ loss, projectedGradients: ["1"] })), "projected gradients of estimator mine: expected numbers"); // prettier-ignore
  await rejectsWith(
    ask(async () => ({ loss: "1", projectedGradients })),
    "loss of estimator mine: expected a number",
  );
  await rejectsWith(
    ask(async () => ({ loss })),
    "projected gradients of estimator mine: expected a list of numbers",
  );
  await rejectsWith(
    ask(async () => undefined),
    "loss of estimator mine: expected a number",
  );
  const settings = { by: NaN };
  const passes = { once: 1, perQuery: 0 };
  const project = async () => ({ loss: 0, projectedGradients: [1] });
  throwsWith(
    () => ownEstimator({ name: "mine", settings, passes, project }),
    "estimator.settings.by: expected plain data",
  );
});

test("what the function writes to its point and its directions does not reach the run", async () => {
  const point = Float32Array.of(2, -1);
  const writing = ownEstimator({
    name: "writing",
    settings: {},
    passes: { once: 1, perQuery: 0 },
    async project({ point: here, directions, losses }) {
      const [loss] = await losses([here]);
      here.fill(50);
      directions.forEach((z) => z.fill(9));
      return { loss, projectedGradients: [1] };
    },
  });
  const workspace = createWorkspace(2);
  await estimate(writing, recordingObjective(), point, step(1), workspace);
  assert.equal(point, Float32Array.of(2, -1));
  assert.equal(workspace.gradient, gradientOf(step(1).directions, { seed: step(1).seed, step: step(1).step, projectedGradients: [1] }, 2)); // prettier-ignore
});

test.run();

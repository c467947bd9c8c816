import { existsSync, rmSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { firstOrder, mezo } from "../../src/optimizer/recipes";
import { averagedEvaluations, averagedPoint, meanPoint } from "../../src/train/average";
import { stopBy } from "../../src/train/stop-rules";
import { train } from "../../src/train/train";
import type { RunResult, TrainOptions } from "../../src/train/train";
import { trainInFile } from "../../src/train/train-in-file";
import { readTrajectory } from "../../src/train/trajectory";
import { logisticRun, quadraticRun, settingsOf } from "../support/analytic-runs";
import { scratch } from "../support/scratch";
import { rejectsWith, throwsWith } from "../support/throws";

const test = suite("train/average");
const files = scratch();
test.after(() => files.remove());

const averaging = settingsOf({
  stepsPerEpoch: 5,
  budget: { kind: "steps", steps: 40 },
  evaluateEvery: 5,
  averageLast: 3,
});
const options = () => logisticRun({ settings: averaging });

test("the mean of the last three evaluated points is scored once, when the run has ended", async () => {
  const points = new Map<number, Float32Array>();
  const kinds: string[] = [];
  const given = options();
  const {
    average,
    averagedPoint: mean,
    evaluations,
    best,
  } = await train(given, (event) => {
    kinds.push(event.kind);
    if (event.kind === "step") points.set(event.record.step, event.point.slice());
  });
  assert.equal(average!.steps, [30, 35, 40]);
  const [a, b, c] = average!.steps.map((step) => points.get(step)!);
  assert.equal(
    mean,
    Float32Array.from(a!, (value, i) => (value + b![i]! + c![i]!) / 3),
  );
  assert.is(average!.loss, (await given.evaluate(mean!)).loss);
  assert.equal(kinds.slice(-3), ["evaluation", "average", "end"]);
  assert.is(kinds.filter((kind) => kind === "average").length, 1);
  assert.is(average!.evaluationPasses, evaluations.at(-1)!.evaluationPasses + 5);
  assert.ok(best!.evaluation.step > 0);
});

test("without it nothing changes, and with it no point of the run does", async () => {
  const plain = await train(logisticRun({ settings: { ...averaging, averageLast: undefined } as never }));
  const averaged = await train(options());
  assert.equal([plain.average, plain.averagedPoint], [undefined, undefined]);
  assert.equal(averaged.point, plain.point);
  assert.equal(averaged.best!.point, plain.best!.point);
});

test("the averaged point is walked to again from the record, bit for bit; so is it after a stop at any step, with a snapshot and without", async () => {
  const whole = await inFile("whole.jsonl", {});
  const recorded = readTrajectory(files.file("whole.jsonl"))!;
  const { start, layout } = options();
  assert.equal(averagedPoint(recorded, start, layout), whole.averagedPoint);
  for (const stopAt of [0, 3, 29, 31, 36, 40])
    for (const snapshotEvery of [0, 7]) {
      const path = `${stopAt}-${snapshotEvery}.jsonl`;
      const stop = new AbortController();
      await inFile(
        path,
        { snapshotEvery, signal: stop.signal, patience: Infinity },
        (step) => step >= stopAt && stop.abort(),
      );
      const again = await inFile(path, { snapshotEvery });
      assert.equal(again.averagedPoint, whole.averagedPoint, path);
      assert.equal([again.average!.steps, again.average!.loss], [whole.average!.steps, whole.average!.loss]);
      // Ended, it is read: with its snapshot, and without.
      assert.equal((await inFile(path, { snapshotEvery })).averagedPoint, whole.averagedPoint);
      if (existsSync(files.file(`${path}.snapshot`))) rmSync(files.file(`${path}.snapshot`));
      const read = await inFile(path, {});
      assert.equal([read.averagedPoint, read.average], [whole.averagedPoint, again.average]);
    }
});

function inFile(
  name: string,
  changes: Partial<TrainOptions<never>> & { readonly snapshotEvery?: number },
  onStep: (step: number) => void = () => undefined,
): Promise<RunResult> {
  return trainInFile({ ...options(), ...(changes as object), path: files.file(name) }, (event) => {
    if (event.kind === "start") onStep(event.steps.length);
    if (event.kind === "step") onStep(event.record.step);
  });
}

test("fewer evaluations than asked for are averaged all, and the start is none of them", () => {
  const of = (...losses: number[]) => losses.map((loss, step) => ({ step, loss }));
  assert.equal(
    averagedEvaluations(of(1, 2, 3), 5).map(({ step }) => step),
    [1, 2],
  );
  assert.equal(
    averagedEvaluations(of(1, 2, NaN, 3, 4), 2).map(({ step }) => step),
    [3, 4],
  );
  assert.equal(averagedEvaluations(of(1, 2), 0), []);
  assert.equal(meanPoint([Float32Array.of(1, 2), Float32Array.of(3, 5)]), Float32Array.of(2, 3.5));
});

test("patience ends a run that does not get better, with its reason", async () => {
  const losses = [3, 2, 1, 2, 1, 1.5, 0.5];
  let at = 0;
  const evaluate = async () => ({ loss: losses[at++]!, accuracy: 0 });
  const settings = settingsOf({ evaluateEvery: 1, stop: [{ kind: "patience", evaluations: 3 }] });
  const { end, message, best, evaluations } = await train(quadraticRun({ settings, evaluate }));
  const { reason, step } = end;
  assert.equal(
    { reason, step, rest: end },
    { reason: "patience", step: 5, rest: { ...end, evaluations: 3, bestStep: 2 } },
  );
  assert.is(
    message,
    "ended after step 5 (10 forward passes): the last 3 evaluations were no better than the one after step 2",
  );
  assert.equal([best!.evaluation.step, evaluations.length], [2, 6]);
});

test("patience waits for a better loss, or more right answers, as the checkpoint is chosen, and never before there are so many evaluations", () => {
  const of = (...rows: readonly (readonly [number, number])[]) =>
    rows.map(
      ([loss, accuracy], i) =>
        ({ kind: "evaluation", step: i, loss, accuracy, forwardPasses: 0, evaluationPasses: i, elapsedMs: 0 }) as const,
    );
  const rules = [{ kind: "patience", evaluations: 2 }] as const;
  const rows = of([1, 0.5], [0.9, 0.5], [1.1, 0.6], [1.2, 0.6]);
  assert.equal(stopBy(rules, [], rows), { reason: "patience", evaluations: 2, bestStep: 1 });
  assert.is(stopBy(rules, [], rows, { by: "accuracy" }), null);
  for (let length = 0; length < 3; length++) assert.is(stopBy(rules, [], rows.slice(0, length)), null);
  // A loss that came down by a flatter output alone is no better one.
  const flat = of([2, 0.6], [1, 0.3], [0.9, 0.3]);
  const chance = { loss: 0.7, count: 100 };
  assert.is(stopBy(rules, [], flat), null);
  assert.equal(stopBy(rules, [], flat, { chance }), { reason: "patience", evaluations: 2, bestStep: 0 });
});

test("a run that patience ended stays ended, and its end comes back from the file", async () => {
  const settings = settingsOf({
    evaluateEvery: 1,
    stop: [{ kind: "patience", evaluations: 1 }],
    method: mezo({ learningRate: 10 }),
  });
  const run = quadraticRun({ settings });
  const first = await trainInFile({ ...run, path: files.file("patience.jsonl") });
  assert.is(first.end.reason, "patience");
  const again = await trainInFile({ ...run, path: files.file("patience.jsonl") });
  assert.equal(again.end, first.end);
});

test("settings that make no sense are refused by name", async () => {
  const settings = (changes: object) => train(quadraticRun({ settings: settingsOf(changes) }));
  await rejectsWith(settings({ averageLast: 0 }), "settings.averageLast: expected a positive integer, got 0");
  await rejectsWith(
    settings({ stop: [{ kind: "patience", evaluations: 0.5 }] }),
    "settings.stop[0].evaluations: expected a positive integer",
  );
  await rejectsWith(
    settings({ averageLast: 2, method: firstOrder() }),
    "settings.averageLast: expected a method whose points can be walked to again",
  );
  const { start, layout } = quadraticRun();
  await trainInFile({ ...quadraticRun(), path: files.file("plain.jsonl") });
  throwsWith(
    () => averagedPoint(readTrajectory(files.file("plain.jsonl"))!, start, layout),
    "expected a run with averageLast",
  );
  throwsWith(() => meanPoint([]), "points: expected at least one point");
});

test.run();

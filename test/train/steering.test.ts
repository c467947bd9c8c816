import { readFileSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { mezo } from "../../src/optimizer/recipes";
import { replay } from "../../src/train/replay";
import { methodAt } from "../../src/train/steering";
import { changedMethod } from "../../src/train/method-change";
import type { MethodChange } from "../../src/train/method-change";
import type { TrainEvent } from "../../src/train/events";
import { train } from "../../src/train/train";
import { trainInFile } from "../../src/train/train-in-file";
import { readTrajectory } from "../../src/train/trajectory";
import { quadraticRun, settingsOf } from "../support/analytic-runs";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";

const test = suite("train/steering");
const files = scratch();
test.after(() => files.remove());

const constant = (value: number) => ({ kind: "constant", value }) as const;
const bits = (point: Float32Array): readonly number[] => [
  ...new Uint32Array(point.buffer, point.byteOffset, point.length),
];
/** Wants each change from the step of that index on. */
const plan = (wanted: Readonly<Record<number, MethodChange>>) => {
  let step = 0;
  let now: MethodChange | null = null;
  return {
    steer: () => (now = wanted[step] ?? now),
    hear: (event: TrainEvent) => void (event.kind === "step" && (step = event.record.step)),
    startAt: (done: number) => void (step = done),
  };
};

test("a change replaces learning rate, schedule or perturbation scale, and the last one up to a step holds", () => {
  const method = mezo({ learningRate: 0.1 });
  const changes = [
    { kind: "change", step: 2, change: { learningRate: constant(0.2) } },
    { kind: "change", step: 5, change: { queries: constant(3), perturbationScale: 0.01 } },
  ] as const;
  assert.is(methodAt(method, changes, 1), method);
  assert.equal(methodAt(method, changes, 2), { ...method, learningRate: constant(0.2) });
  // The second change says nothing of the learning rate, so it is the settings' one again.
  assert.equal(methodAt(method, changes, 7), {
    ...method,
    queries: constant(3),
    probe: { kind: "two-sided", perturbationScale: 0.01, chunk: 1 },
  });
});

test("a change takes effect in the step it was made before, and is written once", async () => {
  const steps = plan({
    2: { learningRate: constant(0.01) },
    4: { learningRate: constant(0.01), queries: constant(3) },
  });
  const run = await train(quadraticRun({ steer: steps.steer }), steps.hear);
  assert.equal(
    run.steps.map(({ learningRate, queries }) => [learningRate, queries]),
    [
      [0.05, 1],
      [0.05, 1],
      [0.01, 1],
      [0.01, 1],
      [0.01, 3],
      [0.01, 3],
    ],
  );
  assert.equal(
    run.changes.map(({ step }) => step),
    [2, 4],
  );
  assert.is(run.end.forwardPasses, 4 * 2 + 2 * 6);
});

test("what is wanted already changes nothing", async () => {
  const same = await train(quadraticRun({ steer: () => ({ learningRate: constant(0.05) }) }));
  assert.equal(same.changes, []);
  assert.equal(bits(same.point), bits((await train(quadraticRun())).point));
});

test("a replay changes the method at the same step: the bits of the run", async () => {
  const path = files.file("replay.jsonl");
  const steps = plan({ 1: { learningRate: constant(0.3) }, 3: { perturbationScale: 0.1, queries: constant(2) } });
  const options = quadraticRun({ steer: steps.steer });
  const run = await trainInFile({ ...options, path }, steps.hear);
  const read = readTrajectory(path)!;
  assert.equal(read.changes, run.changes);
  assert.equal(bits(replay(read, options.start, options.layout)), bits(run.point));
  const unchanged = { ...read, changes: [] };
  throwsWith(() => replay(unchanged, options.start, options.layout), "replay: expected weight norm");
});

test("cut off at any byte and continued under the same hand, the run ends in the same bits", async () => {
  const wanted = { 2: { learningRate: constant(0.2) }, 4: { queries: constant(2) } };
  const whole = files.file("whole.jsonl");
  const first = plan(wanted);
  const expected = await trainInFile({ ...quadraticRun({ steer: first.steer }), path: whole }, first.hear);
  const content = readFileSync(whole);
  const path = files.file("cut.jsonl");
  for (let size = 0; size <= content.length; size += 11) {
    writeFileSync(path, content.subarray(0, size));
    const again = plan(wanted);
    again.startAt(readTrajectory(path)?.steps.length ?? 0);
    const result = await trainInFile({ ...quadraticRun({ steer: again.steer }), path, snapshotEvery: 2 }, again.hear);
    assert.equal(bits(result.point), bits(expected.point), `cut at byte ${size}`);
    assert.equal(result.changes, expected.changes, `cut at byte ${size}`);
  }
});

test("a run that is resumed keeps the last change until another is wanted", async () => {
  const path = files.file("kept.jsonl");
  const stop = new AbortController();
  await trainInFile(
    { ...quadraticRun({ signal: stop.signal, steer: () => ({ learningRate: constant(0.2) }) }), path },
    (e) => {
      if (e.kind === "step" && e.record.step === 3) stop.abort();
    },
  );
  const { steps } = await trainInFile({ ...quadraticRun(), path });
  assert.equal(
    steps.map(({ learningRate }) => learningRate),
    Array(6).fill(0.2),
  );
});

test("a budget of forward passes is kept with the queries that hold now", async () => {
  const settings = settingsOf({ budget: { kind: "forward-passes", forwardPasses: 20 } });
  const steps = plan({ 2: { queries: constant(5) } });
  const run = await train(quadraticRun({ settings, steer: steps.steer }), steps.hear);
  // 2 + 2, then one step of 10; another would make 24.
  assert.equal(
    run.steps.map(({ forwardPasses }) => forwardPasses),
    [2, 4, 14],
  );
});

test("a change that makes no sense is refused in one warning, and the run goes on as it was", async () => {
  const warnings: string[] = [];
  const run = await train(quadraticRun({ steer: () => ({ perturbationScale: 0 }) }), (event) => {
    if (event.kind === "warning") warnings.push(event.message);
  });
  assert.is(run.end.reason, "finished");
  assert.equal(warnings, [
    "a change of the method is not made: change.perturbationScale: expected a positive number, got 0",
  ]);
  throwsWith(
    () => changedMethod(mezo({ estimator: "directional" }), { perturbationScale: 0.1 }),
    "change.perturbationScale: expected a probe of losses along a line, which has one",
  );
});

test("a trajectory with a change in the wrong place, or one that makes no sense, is refused with its line", async () => {
  const path = files.file("damaged.jsonl");
  const steps = plan({ 2: { learningRate: constant(0.2) } });
  await trainInFile({ ...quadraticRun({ steer: steps.steer }), path }, steps.hear);
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace('"kind":"change","step":2', '"kind":"change","step":5'));
  throwsWith(() => readTrajectory(path), "step of a change: expected 2, the next step's index");
  writeFileSync(path, text.replace('"value":0.2}', '"value":"fast"}'));
  throwsWith(() => readTrajectory(path), "damaged.jsonl:");
});

test.run();

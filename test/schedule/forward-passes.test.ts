import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  forwardPasses,
  DIRECTIONAL,
  passesOverSteps,
  passesPerStep,
  queriesByEpochs,
  queriesBySteps,
  stepsForPasses,
  TWO_SIDED,
  stepsPerEpoch,
} from "../../src/schedule/forward-passes";
import { queriesAt, scheduleOf, type Schedule } from "../../src/schedule/schedule";
import { throwsWith } from "../support/throws";

const test = suite("schedule/forward-passes");

const growing: Schedule = {
  kind: "power-law",
  form: "current",
  multiplier: 0.85,
  exponent: { target: 20, epochs: 160 },
  cap: 15,
};

test("two epochs of two steps with one, then three queries cost 2 + 2 + 6 + 6 passes two-sided and 2 + 2 + 4 + 4 directional", () => {
  const schedule: Schedule = { kind: "steps", initial: 1, changes: [{ at: 1, value: 3 }], unit: "epoch" };
  assert.equal(queriesBySteps(schedule, 4, 2), [1, 1, 3, 3]);
  assert.equal(queriesByEpochs(schedule, 3, 2), [1, 3, 3]);
  assert.is(forwardPasses(schedule, 4, 2, TWO_SIDED), 16);
  assert.is(forwardPasses(schedule, 4, 2, DIRECTIONAL), 12);
});

test("a run of 10,000 steps costs 20,000 passes with one query and about 2 x 11.0 x 10,000 with the schedule", () => {
  assert.is(forwardPasses(scheduleOf(1), 10_000, 63, TWO_SIDED), 20_000);
  assert.is((forwardPasses(growing, 10_000, 63, TWO_SIDED) / 20_000).toFixed(1), "11.0");
});

test("the steps that a number of passes buys are the most that do not overspend", () => {
  for (const cost of [TWO_SIDED, DIRECTIONAL, { once: 1, perQuery: 2 }]) {
    for (const passes of [0, 1, 2, 3, 100, 1824]) {
      const steps = stepsForPasses(growing, passes, 16, cost);
      assert.ok(forwardPasses(growing, steps, 16, cost) <= passes);
      assert.ok(forwardPasses(growing, steps + 1, 16, cost) > passes);
    }
  }
});

test("a call of the engine that costs a pass of its own is counted for each chunk of queries", () => {
  // 5 queries, 2 a call: 3 calls; 5 + 3
  assert.is(passesPerStep({ once: 0, perQuery: 1, chunk: 2 }, 5), 8);
  assert.is(passesPerStep(DIRECTIONAL, 5), 6);
  assert.is(passesPerStep({ once: 3, perQuery: 2 }, 1), 5);
});

test("steps that cost otherwise are counted where they are, in sums and in what passes buy", () => {
  const every = { steps: 3, at: 2, once: 20, perQuery: 2 };
  const cost = { once: 0, perQuery: 4, every };
  assert.equal([0, 1, 2, 3, 4, 5].map((step) => passesPerStep(cost, 2, step)), [8, 8, 24, 8, 8, 24]); // prettier-ignore
  const snapshots = { once: 0, perQuery: 4, every: { steps: 2, at: 0, once: 0, perQuery: 16 } };
  const late = { once: 4, perQuery: 1, first: { steps: 3, once: 1 } };
  assert.equal([0, 2, 3].map((step) => passesPerStep(late, 2, step)), [1, 1, 6]); // prettier-ignore
  for (const each of [cost, snapshots, late, { ...cost, first: late.first }, TWO_SIDED, DIRECTIONAL]) {
    for (const [from, to] of [
      [0, 0],
      [0, 1],
      [0, 7],
      [2, 3],
      [3, 5],
      [5, 12],
    ]) {
      const steps = Array.from({ length: to - from }, (_, i) => passesPerStep(each, 2, from + i));
      assert.is(passesOverSteps(each, 2, from, to), steps.reduce((sum, passes) => sum + passes, 0)); // prettier-ignore
    }
    const one = (step: number): number =>
      passesPerStep(each, queriesAt(growing, { step, epoch: Math.floor(step / 16) }), step);
    for (let steps = 0, sum = 0; steps < 70; sum += one(steps++)) {
      assert.is(forwardPasses(growing, steps, 16, each), sum);
      assert.is(stepsForPasses(growing, sum, 16, each), steps);
      assert.is(stepsForPasses(growing, sum + one(steps) - 1, 16, each), steps);
    }
  }
  throwsWith(() => passesPerStep(cost, 2), "step: expected a non-negative integer, got undefined");
});

test("the last, smaller batch of an epoch is a step", () => {
  assert.is(stepsPerEpoch(150, 16), 10);
  assert.is(stepsPerEpoch(160, 16), 10);
  assert.is(stepsPerEpoch(1, 16), 1);
});

test("counts out of range are refused", () => {
  throwsWith(() => stepsPerEpoch(0, 4), "examples: expected a positive integer, got 0");
  throwsWith(() => stepsPerEpoch(4, 0), "batchSize: expected a positive integer, got 0");
  throwsWith(() => forwardPasses(growing, -1, 4, TWO_SIDED), "steps: expected a non-negative integer, got -1");
  throwsWith(() => forwardPasses(growing, 1, 0, TWO_SIDED), "stepsPerEpoch: expected a positive integer, got 0");
  throwsWith(() => queriesByEpochs(growing, 1.5, 4), "epochs: expected a non-negative integer, got 1.5");
  throwsWith(() => stepsForPasses(growing, -1, 4, TWO_SIDED), "passes: expected a non-negative integer, got -1");
});

test.run();

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { adazeta } from "../../src/optimizer/recipes";
import type { Schedule } from "../../src/schedule/schedule";
import { runRecord } from "../../src/table/from-training";
import type { TrainingRecord } from "../../src/table/from-training";
import { compareRuns } from "../../src/table/summary";
import { throwsWith } from "../support/throws";

const test = suite("table/from-training");
const label = { arm: "AdaZeta", chance: { loss: Math.log(6), count: 100 } };

function record(
  losses: readonly number[],
  cap: number,
  more: Partial<TrainingRecord> = {},
  learningRate: number | Schedule = 3e-3,
): TrainingRecord {
  return {
    header: {
      settings: {
        method: adazeta({ learningRate, exponent: 0.8, cap }),
        budget: { kind: "steps", steps: 20 },
        stepsPerEpoch: 16,
        evaluateEvery: 10,
        seed: 7,
        stop: [],
      },
    },
    steps: [],
    evaluations: losses.map((loss, i) => ({
      kind: "evaluation",
      step: 10 * i,
      loss,
      accuracy: 0.5,
      forwardPasses: 20 * i,
      evaluationPasses: i + 1,
      elapsedMs: i,
    })),
    ...more,
  };
}

test("a run that rises from 0.9 to 1.7 counts as diverged at that evaluation: more than 0.3 nats", () => {
  const run = runRecord(record([1, 0.9, 1.7], 8), label);
  assert.equal([run.seed, run.learningRate, run.diverged], [7, 3e-3, { step: 20 }]);
  assert.is(runRecord(record([1, 0.9, 1.15], 8), label).diverged, null);
});

test("a run that ended in numbers that are not finite counts as diverged where it ended", () => {
  const end = { kind: "end", reason: "not-finite", what: "loss", value: NaN, learningRate: 3e-3 } as const;
  const run = runRecord(record([1], 8, { end: { ...end, step: 5, forwardPasses: 10, elapsedMs: 1 } }), label);
  assert.equal(run.diverged, { step: 5 });
});

test("two runs with another cap are compared by their cap alone", () => {
  const names = compareRuns([
    runRecord(record([1], 8), { ...label, name: "eight" }),
    runRecord(record([1], 15), { ...label, name: "fifteen" }),
  ]);
  assert.equal(names.array("method.queries.cap"), [8, 15]);
  assert.not.ok(names.columnNames().includes("budget.steps"));
});

test("without a constant rate or a step the learning rate has to be given", () => {
  const scheduled = record([1], 8, {}, { kind: "linear", from: 3e-3, to: 1e-3, over: 100, unit: "step" });
  throwsWith(() => runRecord(scheduled, label), "learningRate of AdaZeta: expected a number");
  assert.is(runRecord(scheduled, { ...label, learningRate: 1e-3 }).learningRate, 1e-3);
});

test.run();

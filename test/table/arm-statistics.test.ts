import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cellsOf } from "../../src/experiment/cells";
import { divergenceGrid } from "../../src/experiment/divergence";
import { readRecords } from "../../src/experiment/store";
import { devLoss, shareDiverged } from "../../src/table/arm-statistics";
import { recordedRuns } from "../../src/table/from-records";
import type { RunRecord } from "../../src/table/record";
import { throwsWith } from "../support/throws";

const test = suite("table/arm-statistics");

/** A run with one evaluation every 40 steps. */
function runOf(arm: string, seed: number, losses: readonly (number | null)[], divergedAt?: number): RunRecord {
  const evaluations = losses.map((loss, i) => ({ step: 40 * i, forwardPasses: 80 * i, loss, accuracy: null }));
  const diverged = divergedAt === undefined ? null : { step: divergedAt };
  return { arm, seed, learningRate: 1e-3, steps: [], evaluations, diverged, chanceLoss: Math.log(2) };
}

test("of two runs with best losses 0.8 and 0.6 the mean is 0.7, of the last ones 1.5 and 0.7 it is 1.1", () => {
  // deviations: |0.8 - 0.6| / sqrt 2 and |1.5 - 0.7| / sqrt 2
  const runs = [runOf("a", 0, [1, 0.8, 1.5], 80), runOf("b", 0, [9, 9]), runOf("a", 1, [1, 0.6, 0.7])];
  const best = devLoss(runs, "a", "best");
  const last = devLoss(runs, "a", "last");
  assert.equal([best.mean.toFixed(12), best.count], ["0.700000000000", 2]);
  assert.is(best.standardDeviation!.toFixed(12), (0.2 / Math.SQRT2).toFixed(12));
  assert.equal([last.mean.toFixed(12), last.count], ["1.100000000000", 2]);
  assert.is(last.standardDeviation!.toFixed(12), (0.8 / Math.SQRT2).toFixed(12));
  assert.is(shareDiverged(runs), 1 / 3);
});

test("a run whose last loss is not finite still has a best one, but no last one", () => {
  const runs = [runOf("a", 7, [1, 0.9, null], 80)];
  assert.equal(devLoss(runs, "a", "best"), { kind: "spread", mean: 0.9, standardDeviation: null, count: 1 });
  throwsWith(() => devLoss(runs, "a", "last"), "a, seed 7: expected a finite dev loss, got null");
});

test("in the committed records of the language model no best loss is above the last one, in any of the 7 arms", () => {
  const { records } = readRecords("data/results/divergence-smollm2-sst2.jsonl");
  const runs = recordedRuns(records);
  const arms = [...new Set(runs.map(({ arm }) => arm))];
  assert.equal([runs.length, arms.length], [cellsOf(divergenceGrid("smollm2-sst2")).length, 7]);
  for (const arm of arms) {
    const best = devLoss(runs, arm, "best");
    assert.is(best.count, 3, arm);
    assert.ok(best.mean <= devLoss(runs, arm, "last").mean, arm);
  }
  const share = shareDiverged(runs);
  assert.ok(share >= 0 && share <= 1);
});

test("no runs, an arm without runs and a run without any finite loss are errors", () => {
  throwsWith(() => shareDiverged([]), "runs: expected at least one run");
  throwsWith(() => devLoss([runOf("a", 0, [1])], "b", "best"), "runs: expected at least one run");
  throwsWith(() => devLoss([runOf("a", 3, [null])], "a", "best"), "a, seed 3: expected a finite dev loss");
});

test.run();

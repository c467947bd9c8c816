import { suite } from "uvu";
import * as assert from "uvu/assert";
import { lossAtPasses } from "../../src/table/at-passes";
import type { RunRecord } from "../../src/table/record";
import { throwsWith } from "../support/throws";

const test = suite("table/at-passes");

/** Evaluations after 0, 100, 200, ... passes. */
function run(arm: string, seed: number, losses: readonly (number | null)[]): RunRecord {
  const evaluations = losses.map((loss, i) => ({ step: 50 * i, forwardPasses: 100 * i, loss, accuracy: null }));
  return { arm, seed, learningRate: 3e-3, steps: [], evaluations, diverged: null, chanceLoss: Math.log(6) };
}

test("of two seeds at 1.0 and 0.8 after 100 passes the mean is 0.9 and the deviation sqrt 0.02", () => {
  const table = lossAtPasses([run("a", 0, [2, 1, 0.5]), run("a", 1, [2, 0.8, 0.5])], [100, 250]);
  assert.equal(table.columnNames(), ["arm", "learning rate", "100 passes", "250 passes"]);
  assert.equal([table.get("arm", 0), table.get("learning rate", 0)], ["a", "3e-3"]);
  const at = table.get("100 passes", 0) as { mean: number; standardDeviation: number; count: number };
  assert.ok(Math.abs(at.mean - 0.9) < 1e-12 && Math.abs(at.standardDeviation - Math.sqrt(0.02)) < 1e-12);
  assert.is(at.count, 2);
  assert.is(table.get("250 passes", 0), null); // both spent 200, less than 95 % of 250
});

test("the last evaluation within the passes counts, not the best one nor a later one", () => {
  const table = lossAtPasses([run("a", 0, [2, 0.3, 1.5, 0.1])], [299]);
  assert.is((table.get("299 passes", 0) as { mean: number }).mean, 1.5);
});

test("a budget may be missed by a twentieth, because evaluations do not fall on every number", () => {
  const at = (passes: number) => lossAtPasses([run("a", 0, [2, 1, 0.5])], [passes]).get(`${passes} passes`, 0);
  assert.is((at(210) as { mean: number }).mean, 0.5); // 0.95 x 210 = 199.5
  assert.is(at(211), null); // 0.95 x 211 = 200.45
});

test("a group with a loss that is not finite there has no mean; arms and rates have rows of their own", () => {
  const runs = [
    run("a", 0, [2, null, 0.5]),
    run("a", 1, [2, 1, 0.5]),
    { ...run("a", 0, [2, 1]), learningRate: 1e-3 },
    run("b", 0, [2, 1.25]),
  ];
  const table = lossAtPasses(runs, [100]);
  assert.equal(
    [...table.array("arm")].map((arm, i) => [
      arm,
      table.get("learning rate", i),
      (table.get("100 passes", i) as { mean: number } | null)?.mean ?? null,
    ]),
    [
      ["a", "3e-3", null],
      ["a", "1e-3", 1],
      ["b", "3e-3", 1.25],
    ],
  );
});

test("thousands are grouped in the columns' names", () => {
  assert.is(lossAtPasses([run("a", 0, [2])], [1824]).columnNames()[2], "1,824 passes");
});

test("no runs, and passes that are no positive integer, are errors", () => {
  throwsWith(() => lossAtPasses([], [100]), "runs: expected at least one run");
  throwsWith(() => lossAtPasses([run("a", 0, [1])], [100, 0.5]), "passes[1]: expected a positive integer, got 0.5");
});

test.run();

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunRecord } from "../../src/table/record";
import { toTarget } from "../../src/table/to-target";
import { throwsWith } from "../support/throws";

const test = suite("table/to-target");

function run(seed: number, losses: readonly (number | null)[], learningRate = 3e-3): RunRecord {
  const evaluations = losses.map((loss, i) => ({ step: 2 * i, forwardPasses: 8 * i, loss, accuracy: 0.5 }));
  return { arm: "a", seed, learningRate, steps: [], evaluations, diverged: null, chanceLoss: 1 };
}

test("the first evaluation at or below the loss, in steps and in texts; Infinity where there is none", () => {
  const runs = [run(0, [2, 1.2, 1, 1.5]), run(1, [2, null, 1.1, 1.1]), run(2, [0.5]), run(0, [0], 1e-2)];
  assert.equal(toTarget(runs, { arm: "a", learningRate: 3e-3 }, 1, 16), [
    { seed: 0, steps: 4, texts: 256 },
    { seed: 1, steps: Infinity, texts: Infinity },
    { seed: 2, steps: 0, texts: 0 },
  ]);
});

test("an arm without runs and a target that is no number are refused", () => {
  throwsWith(() => toTarget([run(0, [1])], { arm: "b", learningRate: 3e-3 }, 1, 16), "expected");
  throwsWith(
    () => toTarget([run(0, [1])], { arm: "a", learningRate: 3e-3 }, NaN, 16),
    "loss: expected a number, got NaN",
  );
});

test("two runs of one seed, and a pass without texts, are refused", () => {
  const rate = { arm: "a", learningRate: 3e-3 };
  throwsWith(() => toTarget([run(0, [1]), run(0, [2])], rate, 1, 16), 'got "two of seed 0"');
  for (const texts of [NaN, 0]) throwsWith(() => toTarget([run(0, [1])], rate, 1, texts), "textsOfPass: expected a positive number"); // prettier-ignore
});

test.run();

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cellsOf } from "../../src/experiment/cells";
import { largeBatchGrid } from "../../src/experiment/large-batch-grid";
import { textsOfPass } from "../../src/experiment/large-batch-rows";
import { isStill } from "../../src/experiment/plan";
import type { PlannedRun } from "../../src/experiment/plan";
import { checkMethod, isExact, passesOf } from "../../src/optimizer/method";
import { passesPerStep } from "../../src/schedule/forward-passes";
import { scheduleAt } from "../../src/schedule/schedule";
import { near } from "../support/near";

const test = suite("experiment/large-batch-grid");

const cells = cellsOf(largeBatchGrid());
const armOf = (id: string, rate?: number) => {
  const { settings } = cells.find(
    ({ arm, learningRate }) => arm === id && (rate === undefined || rate === learningRate),
  )!;
  const { arm } = settings as PlannedRun;
  return isStill(arm) ? (assert.unreachable("an arm with steps") as never) : arm;
};

test("every arm is a method that can be made, three seeds each, and all by exact gradients see as many texts", () => {
  for (const { arm: id } of cells) {
    const { method, batchSize, budget } = armOf(id);
    checkMethod(method);
    assert.is(method.name, id);
    if (isExact(method) && budget.kind === "steps") assert.is(batchSize * budget.steps, 5 * 1024, id);
  }
  const seeds = new Map<string, Set<number>>();
  for (const { arm, seed } of cells) seeds.set(arm, (seeds.get(arm) ?? new Set()).add(seed));
  for (const own of seeds.values()) assert.equal([...own], [0, 1, 2]);
});

test("a pass is one of 16 texts, or a worker's; a step costs what its players and workers ask", () => {
  const costs = (id: string): readonly number[] => {
    const arm = armOf(id);
    return [textsOfPass(arm), ...[0, 9].map((step) => passesPerStep(passesOf(arm.method), 1, step))];
  };
  assert.equal(costs("large-adamw-16"), [16, 1, 1]);
  assert.equal(costs("large-adamw-512"), [16, 32, 32]);
  assert.equal(costs("large-lamb-random-512"), [16, 32, 32]);
  assert.equal(costs("large-lamb-adversary-512"), [16, 64, 64]);
  assert.equal(costs("large-lamb-late-512"), [16, 32, 64]);
  assert.equal(costs("large-sgd-256"), [32, 8, 8]);
  assert.equal(costs("large-own-past-1024"), [128, 8, 8]);
  assert.equal(costs("large-extragradient-64"), [8, 16, 16]);
  assert.equal(costs("large-mezo-256"), [256, 2, 2]);
});

test("rates climb in two stairs, and those of workers are in proportion to the batch", () => {
  const rates = (id: string, steps: readonly number[], rate?: number): readonly number[] =>
    steps.map((step) => scheduleAt(armOf(id, rate).method.learningRate, { step, epoch: 0 }));
  near(rates("large-adamw-16", [0, 26, 27, 54, 319], 3e-4), [0.75e-4, 0.75e-4, 1.5e-4, 3e-4, 3e-4], 1e-9);
  near(rates("large-lamb-512", [0, 1, 2, 9], 1e-2), [2.5e-3, 5e-3, 1e-2, 1e-2], 1e-9);
  near(rates("large-own-past-64", [79]), [3e-3], 1e-9);
  near(rates("large-own-past-1024", [0, 1, 2], 1e-3), [4e-3, 8e-3, 16e-3], 1e-9);
});

test.run();

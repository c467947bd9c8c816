import { suite } from "uvu";
import * as assert from "uvu/assert";
import { arm, armNames } from "../../src/experiment/arm";
import type { ArmName } from "../../src/experiment/arm";
import { cellsOf } from "../../src/experiment/cells";
import { divergenceGrid, studies, studySettings } from "../../src/experiment/divergence";
import type { StudyName } from "../../src/experiment/divergence";
import { passesOf } from "../../src/optimizer/method";
import { forwardPasses } from "../../src/schedule/forward-passes";
import { queriesAt } from "../../src/schedule/schedule";
import { throwsWith } from "../support/throws";

const test = suite("experiment/arm");
const settings = studySettings("minilm-trec", 3e-3);
/** Forward passes that an arm of the study spends, 128 texts an epoch. */
const passes = (name: ArmName, of = settings): number => {
  const { budget, method, batchSize } = arm(name, of);
  return budget.kind === "forward-passes"
    ? budget.forwardPasses
    : forwardPasses(method.queries, budget.steps, Math.ceil(128 / batchSize), passesOf(method));
};

test("the schedule of the study: 1 query at first, 7 in the last of 15 epochs, 1824 forward passes in 240 steps", () => {
  // beta = ln(8 / 0.85) / ln 15 = 0.828: Q(e) = floor(0.85 e^0.828), at least 1 and at most 8, in epochs of 128 / 8 = 16 steps:
  // 1 1 1 2 2 3 3 4 4 5 5 6 6 7 7 = 57 queries a step, so 57 x 16 x 2 = 1824
  const { queries } = arm("AdaZeta", settings).method;
  const byEpoch = Array.from({ length: 15 }, (_, epoch) => queriesAt(queries, { epoch, step: 16 * epoch }));
  assert.equal(byEpoch, [1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]);
  assert.is(settings.scheduledPasses, 1824);
  assert.is(passes("AdaZeta"), 1824);
});

test("the smaller rate has a third of the learning rate and exactly AdaZeta's forward passes", () => {
  const smaller = arm("MeZO-LoRA, smaller rate", settings);
  assert.equal(smaller.budget, { kind: "forward-passes", forwardPasses: 1824 });
  assert.equal(smaller.method.learningRate, { kind: "constant", value: 3e-3 / 3 });
  assert.is(1824 % 2, 0); // one query costs two passes: the budget is spent to the last
  for (const changes of [{ cap: 3 }, { alpha: 2 }, { beta: 1.2 }, { steps: 100 }]) {
    const changed = studySettings("minilm-trec", 3e-3, changes);
    assert.is(passes("MeZO-LoRA, smaller rate", changed), passes("AdaZeta", changed), JSON.stringify(changes));
  }
});

test("every other arm has the study's steps and rate, and its own passes and texts", () => {
  const budgets = armNames.map((name) => [
    name,
    arm(name, settings).budget.kind,
    arm(name, settings).batchSize,
    passes(name),
  ]);
  assert.equal(budgets, [
    ["AdaZeta", "steps", 8, 1824],
    ["MeZO-LoRA", "steps", 8, 480],
    ["LoRA + schedule", "steps", 8, 1824],
    ["TT, one query", "steps", 8, 480],
    ["MeZO-LoRA, batch x4", "steps", 32, 480],
    ["random mask", "steps", 8, 480],
    ["MeZO-LoRA, smaller rate", "forward-passes", 8, 1824],
  ]);
});

test("the two factors of the study: adapter and number of queries", () => {
  const table = armNames.map((name) => {
    const { adapter, method } = arm(name, settings);
    return [name, adapter.kind, method.queries.kind, method.directions.kind];
  });
  assert.equal(table, [
    ["AdaZeta", "tensor-train", "power-law", "gaussian"],
    ["MeZO-LoRA", "lora", "constant", "gaussian"],
    ["LoRA + schedule", "lora", "power-law", "gaussian"],
    ["TT, one query", "tensor-train", "constant", "gaussian"],
    ["MeZO-LoRA, batch x4", "lora", "constant", "gaussian"],
    ["random mask", "lora", "constant", "random-mask"],
    ["MeZO-LoRA, smaller rate", "lora", "constant", "gaussian"],
  ]);
});

test("both studies' grids are 7 arms x their seeds and rates, each run with a key and a cost of its own", () => {
  // 7 x 5 x 5 = 175 and 7 x 3 x 1 = 21
  const counts = (Object.keys(studies) as StudyName[]).map((name) => cellsOf(divergenceGrid(name)).length);
  assert.equal(counts, [175, 21]);
  const cells = cellsOf(divergenceGrid("minilm-trec"));
  assert.is(new Set(cells.map(({ key }) => key)).size, 175);
  assert.is(cells.find(({ arm }) => arm === "adazeta")?.cost, 1824);
  assert.is(cells.find(({ arm }) => arm === "mezo-lora")?.cost, 480);
  assert.equal(
    [...new Set(cells.map(({ arm }) => arm))],
    [
      "adazeta",
      "mezo-lora",
      "lora-schedule",
      "tt-one-query",
      "mezo-lora-batch-x4",
      "random-mask",
      "mezo-lora-smaller-rate",
    ],
  );
  const { settings: of } = cells.find(({ arm }) => arm === "mezo-lora-smaller-rate")!;
  assert.is(of.evaluateEvery, 80); // 912 steps for 1824 passes: evaluated about as often per pass
  assert.is(of.threads, 1);
});

test("an arm is plain data: what JSON gives back is the same arm", () => {
  for (const name of armNames) {
    const made = arm(name, settings);
    assert.equal(JSON.parse(JSON.stringify(made)), made);
  }
});

test("settings out of range are refused by name", () => {
  throwsWith(
    () => arm("MeZO-LoRA", { ...settings, perturbationScale: 0 }),
    /perturbationScale: expected a positive number, got 0/,
  );
  throwsWith(() => studySettings("minilm-trec", 1e-3, { steps: -1 }), /steps: expected a non-negative integer, got -1/);
});

test.run();

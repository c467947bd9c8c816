import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ArmRow } from "../../src/experiment/arm-row";
import { lora, oneQuery } from "../../src/experiment/arm-parts";
import { arm, armOf, armOfRow, armRow, armRows, armTitle, isArm, recordedName, rowOf } from "../../src/experiment/arms";
import type { ArmId, ArmName } from "../../src/experiment/arms";
import { cellsOf } from "../../src/experiment/cells";
import { divergenceGrid, studies, studyArms, studySettings } from "../../src/experiment/divergence";
import type { StudyName } from "../../src/experiment/divergence";
import { budgetOf } from "../../src/experiment/plan";
import { queriesAt } from "../../src/schedule/schedule";
import { throwsWith } from "../support/throws";

const test = suite("experiment/arms");
const settings = studySettings("minilm-trec", 3e-3);
/** Forward passes that an arm of the study spends, 128 texts an epoch. */
const passes = (name: ArmName, of = settings): number => {
  const given = arm(name, of);
  return budgetOf(given, Math.ceil(128 / given.batchSize)).forwardPasses;
};

test("the schedule of the study: 1 query at first, 7 in the last of 15 epochs, 1824 forward passes in 240 steps", () => {
  // beta = ln(8 / 0.85) / ln 15 = 0.828: Q(e) = floor(0.85 e^0.828), at least 1 and at most 8, in epochs of 128 / 8 = 16 steps:
  // 1 1 1 2 2 3 3 4 4 5 5 6 6 7 7 = 57 queries a step, so 57 x 16 x 2 = 1824
  const { queries } = arm("adazeta", settings).method;
  const byEpoch = Array.from({ length: 15 }, (_, epoch) => queriesAt(queries, { epoch, step: 16 * epoch }));
  assert.equal(byEpoch, [1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]);
  assert.is(settings.scheduledPasses, 1824);
  assert.is(passes("adazeta"), 1824);
});

test("the smaller rate has a third of the learning rate and exactly AdaZeta's forward passes", () => {
  const smaller = arm("mezo-lora-smaller-rate", settings);
  assert.equal(smaller.budget, { kind: "forward-passes", forwardPasses: 1824 });
  assert.equal(smaller.method.learningRate, { kind: "constant", value: 3e-3 / 3 });
  assert.is(1824 % 2, 0); // one query costs two passes: the budget is spent to the last
  for (const changes of [{ cap: 3 }, { alpha: 2 }, { beta: 1.2 }, { steps: 100 }]) {
    const changed = studySettings("minilm-trec", 3e-3, changes);
    assert.is(passes("mezo-lora-smaller-rate", changed), passes("adazeta", changed), JSON.stringify(changes));
  }
});

test("every other arm has the study's steps and rate, and its own passes and texts", () => {
  const budgets = studyArms.map((name) => [
    name,
    arm(name, settings).budget.kind,
    arm(name, settings).batchSize,
    passes(name),
  ]);
  assert.equal(budgets, [
    ["adazeta", "steps", 8, 1824],
    ["mezo-lora", "steps", 8, 480],
    ["lora-schedule", "steps", 8, 1824],
    ["tt-one-query", "steps", 8, 480],
    ["mezo-lora-batch-x4", "steps", 32, 480],
    ["random-mask", "steps", 8, 480],
    ["mezo-lora-smaller-rate", "forward-passes", 8, 1824],
  ]);
});

test("the two factors of the study: adapter and number of queries", () => {
  const table = studyArms.map((name) => {
    const { adapter, method } = arm(name, settings);
    return [name, adapter.kind, method.queries.kind, method.directions.kind];
  });
  assert.equal(table, [
    ["adazeta", "tensor-train", "power-law", "gaussian"],
    ["mezo-lora", "lora", "constant", "gaussian"],
    ["lora-schedule", "lora", "power-law", "gaussian"],
    ["tt-one-query", "tensor-train", "constant", "gaussian"],
    ["mezo-lora-batch-x4", "lora", "constant", "gaussian"],
    ["random-mask", "lora", "constant", "random-mask"],
    ["mezo-lora-smaller-rate", "lora", "constant", "gaussian"],
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
  for (const name of studyArms) {
    const made = arm(name, settings);
    assert.equal(JSON.parse(JSON.stringify(made)), made);
  }
});

test("an arm is asked for by its id or as it is recorded, and what there is not is refused by the ids there are", () => {
  for (const id of studyArms) {
    const row = armRow(id);
    assert.equal(arm(recordedName(row) as ArmName, settings), arm(id, settings));
    assert.is(rowOf(recordedName(row)), row);
    assert.ok(isArm(arm(id, settings).name, id) && isArm(arm(id, settings).name, recordedName(row)));
  }
  throwsWith(() => arm("AdaZeta 2" as ArmName, settings), /arm: expected one of adazeta, mezo-lora, .*got "AdaZeta 2"/);
  // It makes no steps.
  throwsWith(() => arm("zero-shot" as ArmName, settings), /arm: expected one of adazeta, .*got "zero-shot"/);
  throwsWith(() => armOf("nothing" as ArmId, settings), /arm: expected one of .*zero-shot.*got "nothing"/);
  assert.equal(armOf("zero-shot", settings), { name: "zero-shot", kind: "zero-shot" });
});

test("ids and recorded names are distinct in the whole table, and no id is another row's recorded name", () => {
  const ids = armRows.map(({ id }) => id);
  assert.is(new Set(ids).size, ids.length);
  assert.equal(
    ids.filter((id) => !/^[a-z0-9]+([-.][a-z0-9]+)*$/.test(id)),
    [],
  );
  const names = armRows.map(recordedName);
  assert.is(new Set(names).size, names.length);
  assert.equal(
    names.filter((name) => armRows.filter((row) => row.id === name || recordedName(row) === name).length !== 1),
    [],
  );
});

test("a row is all that a new arm takes: its runs go by its id, and another title changes nothing of them", () => {
  const row: ArmRow = { id: "lora-twice", title: "LoRA, twice", adapter: lora, method: oneQuery, batchFactor: 2 };
  const made = armOfRow(row, settings);
  assert.equal(made, { ...arm("mezo-lora", settings), name: "lora-twice", batchSize: 16 });
  assert.equal(armOfRow({ ...row, title: "doubled" }, settings), made);
  const recorded = armRow("adazeta");
  assert.equal(armOfRow({ ...recorded, title: "AdaZeta (2024)" }, settings), arm("adazeta", settings));
});

test("a reader's own arm is shown under its own name, also where that is an id", () => {
  assert.equal(
    ["my own", "mezo", "adazeta", "AdaZeta"].map((name) => armTitle(name)),
    ["my own", "mezo", "adazeta", "AdaZeta"],
  );
  assert.ok(isArm("mezo", "mezo") && isArm("MeZO", "mezo") && !isArm("mezo", "MeZO") && !isArm("my own", "mezo"));
});

test("what a row needs and the settings lack is refused by name", () => {
  throwsWith(() => armOf("bottleneck-q-4", settings), "settings.bottleneck: expected an adapter of this kind, got");
  throwsWith(
    () => armOf("upper-half-of-the-layers", settings),
    "settings.layers: expected the model's number of layers, got",
  );
  throwsWith(() => armOf("rank-2", { ...settings, tensorTrain: settings.lora }), "settings.tensorTrain: expected");
  // What has a default does without: 5 tokens of a prefix, as many first-order steps as others.
  assert.equal(arm("mezo-prefix", settings).adapter, { kind: "prefix", tokens: 5 });
  assert.equal(arm("first-order-lora", settings).budget, { kind: "steps", steps: 240 });
});

test("settings out of range are refused by name", () => {
  throwsWith(
    () => arm("mezo-lora", { ...settings, perturbationScale: 0 }),
    /perturbationScale: expected a positive number, got 0/,
  );
  throwsWith(() => studySettings("minilm-trec", 1e-3, { steps: -1 }), /steps: expected a non-negative integer, got -1/);
});

test.run();

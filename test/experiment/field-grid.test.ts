import { suite } from "uvu";
import * as assert from "uvu/assert";
import { armRow, isArm } from "../../src/experiment/arms";
import type { ArmId } from "../../src/experiment/arms";
import { cellsOf } from "../../src/experiment/cells";
import { fieldGrid, fieldRatesGrid, inHalfDecades } from "../../src/experiment/field-grid";
import { budgetOf, isStill } from "../../src/experiment/plan";
import { readRecords } from "../../src/experiment/store";
import { isExact } from "../../src/optimizer/method";
import { method, recipes } from "../../src/optimizer/recipes";
import type { RecipeName } from "../../src/optimizer/recipes";
import { recordedRuns } from "../../src/table/from-records";
import { rankMethods } from "../../src/table/ranking";
import { bestEvaluation } from "../../src/table/record";

const test = suite("experiment/field-grid");
const cells = cellsOf(fieldGrid());

test("every named zeroth-order method is compared, but for a slip, a mask of no paper and the table of whole models", () => {
  const methods = new Set(cells.map(({ settings: { arm } }) => (isStill(arm) ? "" : arm.method.name)));
  const others = ["lozo-reference", "random-mask", "mezo-full"];
  for (const name of Object.keys(recipes) as RecipeName[])
    if (!isExact(method(name)) && !others.includes(name)) assert.ok(methods.has(name), name);
});

test("all have as many rates, in half decades, and no more forward passes than MeZO's 240 steps", () => {
  for (const { arm, settings, learningRate } of cells) {
    assert.is(inHalfDecades(learningRate), learningRate, arm);
    const { forwardPasses } = budgetOf(settings.arm, 16);
    assert.ok(forwardPasses <= 480 && forwardPasses > 400, `${arm}: ${forwardPasses}`);
  }
});

test("half decades: the nearest 1 or 3 times a power of ten", () => {
  const root = Math.sqrt(10);
  assert.equal([1e-3, 1e-3 * root, 3e-3 * root, 1e-3 / root, 3e-3 / root].map(inHalfDecades), [1e-3, 3e-3, 1e-2, 3e-4, 1e-3]); // prettier-ignore
});

test("each method's rates are around the best decade of the recorded search", () => {
  const runs = recordedRuns(readRecords("data/results/field-rates.jsonl").records, "study");
  const planned = cellsOf(fieldRatesGrid());
  assert.is(new Set(runs.map(({ arm, learningRate }) => `${arm} ${learningRate}`)).size, planned.length);
  const lossOf = (name: string, rate: number): number =>
    bestEvaluation(runs.find((run) => run.arm === name && run.learningRate === rate)!)?.loss ?? Infinity;
  for (const id of new Set(planned.map(({ arm }) => arm as ArmId))) {
    const { recordedAs = id } = armRow(id);
    const rates = planned.filter(({ arm }) => arm === id).map(({ learningRate }) => learningRate);
    const best = rates.reduce((low, rate) => (lossOf(recordedAs, rate) < lossOf(recordedAs, low) ? rate : low));
    const own = cells.find(({ arm, task }) => arm === id && task === "trec");
    assert.is(own?.learningRate, best, id);
  }
});

test("on the language model are the four that are asked about, and the four others of lowest loss in the first two seeds", () => {
  const arms = (task: string) =>
    new Set(cells.filter((cell) => cell.task === task && cell.seed < 2).map(({ arm }) => arm));
  const asked = ["mezo-lora", "adazeta-passes", "lozo", "subzero"];
  const keys = new Set(
    cells.filter(({ settings }) => settings.task === "trec" && settings.seed < 2).map(({ key }) => key),
  );
  const files = ["field", "methods", "divergence-minilm-trec"].map((name) => readRecords(`data/results/${name}.jsonl`));
  const records = files.flatMap((file) => file.records).filter(({ key }) => keys.has(key));
  const onLora = recordedRuns(records, "study").filter(({ arm }) => !arm.endsWith("all-weights"));
  const ranked = rankMethods(onLora, { kind: "passes", most: 480 }, "mezo-lora").map(({ arm }) => arm);
  const others = ranked.filter((name) => !asked.some((id) => isArm(name, id))).slice(0, 4);
  assert.equal([...arms("sst2")].sort(), [...asked, ...others].sort());
});

test.run();

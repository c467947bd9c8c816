import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ArmRow } from "../../src/experiment/arm-row";
import { arm, armRow, armTitle, printedName, titleOf } from "../../src/experiment/arms";
import { experiments } from "../../src/experiment/catalogue";
import { cellsOf } from "../../src/experiment/cells";
import { divergenceGrid, studySettings } from "../../src/experiment/divergence";
import { divergenceMap } from "../../src/plot/divergence-map";
import { lossFigure } from "../../src/plot/loss";
import { meanAndSpread } from "../../src/plot/spread";
import { stylesFor } from "../../src/plot/palette";
import { devLoss } from "../../src/table/arm-statistics";
import { lossAtPasses } from "../../src/table/at-passes";
import { recordedRuns } from "../../src/table/from-records";
import { learningTable } from "../../src/table/learning";
import { besidePublished, duelTable, paperCells, paperTable } from "../../src/table/paper-cells";
import { paperWords } from "../../src/table/paper-words";
import { mezoRoberta } from "../../src/table/published/roberta-large";
import { borderOf, runWords } from "../../src/table/run-words";
import { compareRuns, summaryTable } from "../../src/table/summary";
import { studyRecord } from "../support/study-record";

const test = suite("experiment/titles");
const TITLE = "one query on LoRA";

/** Does something while a row of the table has another title. */
function retitled<T>(id: "mezo-lora", change: Partial<ArmRow>, then: () => T): T {
  const row = armRow(id) as { -readonly [Key in keyof ArmRow]: ArmRow[Key] };
  const before = { ...row };
  Object.assign(row, change);
  try {
    return then();
  } finally {
    Object.assign(row, before);
  }
}

const records = ["mezo-lora", "adazeta"].map((id) => studyRecord(id));
const cells = cellsOf(divergenceGrid("minilm-trec"));
const planned = records.map((record) => ({
  cell: cells.find(({ key }) => key === record.key)!,
  record: record as never,
}));
const runs = recordedRuns(records, "study");

/** All that is shown of the two runs, as text. */
function shown(): readonly string[] {
  const text = (value: unknown): string => JSON.stringify(value);
  const of = paperCells(planned);
  const models = { reported: "theirs", measured: "ours" };
  return [
    text(lossFigure(runs, { x: "steps" })),
    text(meanAndSpread(runs, { x: "both" })),
    text(divergenceMap(runs)),
    text(summaryTable(runs).objects()),
    text(compareRuns(runs).objects()),
    text(lossAtPasses(runs, [2]).objects()),
    text(learningTable(planned, "trec").table.objects()),
    text(paperTable(of).table.objects()),
    text(besidePublished(of, { tables: [mezoRoberta], shots: 16, models }).table.objects()),
    text(duelTable(planned, ["mezo-lora", "adazeta"]).table.objects()),
    runWords(runs).diverged("mezo-lora"),
    runWords(runs).lowest("mezo-lora"),
    borderOf(runs, "mezo-lora"),
    paperWords(planned).falls("trec"),
    paperWords(planned).lowest("trec"),
  ];
}

test("another title changes no key, no record that is found, no colour and no published number", () => {
  const keys = () => experiments("tiny").flatMap((grid) => cellsOf(grid).map(({ key }) => key));
  const facts = () => ({
    arm: arm("mezo-lora", studySettings("minilm-trec", 3e-3)),
    styles: stylesFor(["adazeta", "MeZO-LoRA", "mezo-lora"]),
    loss: ["mezo-lora", "MeZO-LoRA"].map((which) => devLoss(runs, which, "best").mean),
    moved: paperWords(planned).moved("trec", "mezo-lora"),
    printed: printedName("MeZO-LoRA"),
  });
  const [before, allKeys] = [facts(), keys()];
  retitled("mezo-lora", { title: TITLE }, () => {
    assert.equal(facts(), before);
    assert.equal(keys(), allKeys);
    assert.is(titleOf("mezo-lora"), TITLE);
    assert.is(titleOf("MeZO-LoRA"), TITLE);
  });
  assert.is(armTitle("MeZO-LoRA"), "MeZO-LoRA");
});

test("every figure, table and sentence shows the title, and the recorded name nowhere", () => {
  const before = shown();
  const after = retitled("mezo-lora", { title: TITLE }, shown);
  const named = (texts: readonly string[]) => texts.filter((text) => text.includes("MeZO-LoRA")).length;
  assert.equal([named(before), named(after)], [before.length, 0]);
  assert.equal(
    after.map((text) => text.replaceAll(TITLE, "MeZO-LoRA")),
    before,
  );
});

test("an arm that published tables call otherwise is looked up there by that name", () => {
  const of = paperCells(planned);
  const models = { reported: "theirs", measured: "ours" };
  const number = () => besidePublished(of, { tables: [mezoRoberta], shots: 16, models }).table.get("reported: theirs", 0) as unknown; // prettier-ignore
  const [own, other] = [number(), retitled("mezo-lora", { printedAs: "MeZO" }, number)];
  assert.equal([own, other].map((value) => (value as { readonly mean: number }).mean), [73.1, 76.9]); // prettier-ignore
});

test.run();

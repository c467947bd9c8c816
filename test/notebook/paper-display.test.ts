import { suite } from "uvu";
import * as assert from "uvu/assert";
import { hasFault } from "../../src/experiment/faults";
import { openTaskIfThere } from "../../src/notebook/open";
import { showCells, showDivergence, showDivergenceMap, showDuel } from "../../src/notebook/paper-display";
import { paperRecords, partOf } from "../../src/notebook/paper-records";
import { showPrompts } from "../../src/notebook/prompt-display";
import { loadTask } from "../../src/task/load-task";
import { asCell } from "../support/shown";

const test = suite("notebook/paper-display");
const none = "test/fixtures/peft"; // a folder without records

test("without records every cell says so, and no figure is drawn", async () => {
  const cell = await asCell(async () => {
    const records = paperRecords("ablation", "tiny", none);
    showCells(records);
    showDivergence(records, "trec");
    showDivergenceMap(records, "trec");
    showDuel(records, "AdaZeta", "MeZO-LoRA");
  });
  const text = [...cell.lines, ...cell.texts()].join("\n");
  assert.match(text, /not measured yet/);
  assert.not.match(text, /figure:/);
});

test("with the committed records the divergence, its map and the duel are shown", async () => {
  const cell = await asCell(async () => {
    const records = paperRecords("glue-roberta");
    showDivergence(records, "trec", { learningRate: 3e-3, arms: ["AdaZeta", "MeZO-LoRA"], title: "both" });
    showDivergenceMap(records, "trec");
    showDuel(records, "AdaZeta", "MeZO-LoRA");
  });
  const text = [...cell.lines, ...cell.texts()].join("\n");
  assert.match(text, /figure: both[^]*figure: trec/);
  assert.match(text, /AdaZeta, equal passes/);
});

test("committed records with a known fault say so in the caption of every table and figure made of them", async () => {
  for (const name of ["glue-roberta", "superglue-llama2", "generation-llama2", "ablation"]) {
    const cell = await asCell(async () => {
      const records = paperRecords(name);
      showCells(records);
      for (const task of records.tasks) showDivergence(records, task);
      return records;
    });
    const { planned, tasks } = cell.value;
    const faulty = (of: readonly string[]) =>
      planned.some(
        ({ cell: { task, settings }, record }) => of.includes(task ?? settings.task) && record && hasFault(record),
      );
    const said = (of: unknown) => JSON.stringify(of).replaceAll("<br>", " ").includes("made with one corrupted weight");
    const [table, ...figures] = cell.outputs.map(({ content }) => content.data);
    assert.is(said(cell.lines), faulty(tasks), name);
    assert.is(said(table), faulty(tasks), name);
    for (const figure of figures) assert.is(said(figure), faulty(tasks), name);
  }
});

test("a part of the records names its own models, task, seeds, dates and faults as its origin", async () => {
  const { value: all } = await asCell(async () => paperRecords("superglue-llama2"));
  const one = partOf(all, ({ cell }) => cell.seed === 1 && cell.settings.task === "sst2");
  assert.equal(one.tasks, ["sst2"]);
  assert.equal(one.origin.seeds, [1]);
  assert.is(one.origin.data, "sst2");
  assert.is(one.origin.commit, [...new Set(one.planned.flatMap(({ record }) => record?.commit ?? []))].join("/"));
  const sound = partOf(all, ({ record }) => record !== null && !hasFault(record));
  assert.is(sound.origin.remark, null);
  assert.equal(
    partOf(all, () => true),
    all,
  );
  const none = partOf(all, () => false);
  assert.equal([none.tasks, none.origin.seeds, none.origin.date], [[], [], "no date"]);
});

test("prompts are shown to the character, with what may follow and where they come from", async () => {
  const cell = await asCell(async () => {
    showPrompts([await loadTask("sst2", { hub: "off" }), null], "masked");
    showPrompts([null], "masked");
  });
  const text = [...cell.lines, ...cell.texts()].join("\n");
  assert.match(text, /It was<mask>\.<\/s>/);
  assert.match(text, /terrible/);
  assert.match(text, /from the samples/);
});

test("a task without data is null, and its reason is told", async () => {
  assert.is(await openTaskIfThere("squad", { hub: "off", dataDirectory: undefined, samplesDirectory: none }), null);
});

test.run();

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadTask } from "../../src/task/load-task";
import { optionTexts, rightOptions } from "../../src/task/options";
import { promptText } from "../../src/task/reading";
import { taskNamed } from "../../src/task/tasks";
import { hubServer } from "../support/hub-server";
import { scratch } from "../support/scratch";
import { rejectsWith } from "../support/throws";

const test = suite("task/hub-tasks");
const place = scratch();
test.after(() => place.remove());

/** Loads a task from an imitation of the hub that serves one fixture as every split. */
async function fromHub(name: string, fixture: string) {
  const { repository, configuration, splits } = taskNamed(name).hub!;
  const served = Object.values(splits).map((split) => [
    `${configuration}/${split}-00000-of-00001.parquet`,
    `test/fixtures/task/${fixture}.parquet`,
  ]);
  const hub = await hubServer(repository, { main: Object.fromEntries(served) });
  try {
    return await loadTask(name, { hub: { endpoint: hub.endpoint, cacheDirectory: place.file(name) } });
  } finally {
    await hub.close();
  }
}

test("MultiRC's rows: an empty answer is an answer, and a question's answers share a group", async () => {
  const { splits, origin } = await fromHub("multirc", "multirc");
  assert.is(origin.description, "multirc from the hub, aps/super_glue (train 3, validation 3)");
  assert.equal(
    splits.train?.map(({ fields, label, group }) => [fields.answer, label, group]),
    [
      ["In Rome", 1, "7/3"],
      ["", 0, "7/3"],
      ["In Bern", 0, "7/3"],
    ],
  );
  assert.is(splits.train?.[0].fields.paragraph, "Ada met Bo in Rome. ", "with the space at its end");
});

test("ReCoRD's and COPA's rows: options, and which is right", async () => {
  const record = await fromHub("record", "record");
  const [example] = record.splits.validation!;
  assert.equal(optionTexts(record.task, example), [" Streets in Rome were closed.", " Streets in Ada were closed."]);
  assert.equal(rightOptions(record.task, example), [0]);
  const copa = await fromHub("copa", "copa");
  assert.equal(
    copa.splits.train?.map((one) => [one.label, ...optionTexts(copa.task, one)]),
    [[1, " it was dry.", " it was wet."]],
  );
});

test("BoolQ's rows: the answer is true or false, the passage as it is", async () => {
  const { splits, origin } = await fromHub("boolq", "boolq");
  assert.is(origin.description, "boolq from the hub, google/boolq (train 2, validation 2)");
  assert.equal(
    splits.train?.map(({ fields, label }) => [fields.passage, label]),
    [
      ["It rises -- and falls.", 1],
      ["It is wet.", 0],
    ],
  );
});

test("SQuAD's and DROP's nested answers, each different one once", async () => {
  const squad = await fromHub("squad", "squad");
  const [example] = squad.splits.train!;
  assert.equal(example.answers, ["by the river", "the river"]);
  assert.is(
    promptText(squad.task, "causal", example),
    "Title: Old_Mill\nContext: The mill stands by the river.\nQuestion: Where is the mill?\nAnswer:",
  );
  assert.equal((await fromHub("drop", "drop")).splits.train?.[0].answers, ["10"]);
});

test("SNLI's rows without a majority label are left out and counted", async () => {
  const { splits, notices } = await fromHub("snli", "snli");
  assert.equal(
    splits.train?.map(({ label }) => label),
    [0, 2, 1],
  );
  assert.equal(notices, [
    "train: 1 rows without a label or an answer left out",
    "validation: 1 rows without a label or an answer left out",
  ]);
});

test("MNLI takes the development set it is named after", async () => {
  const matched = await fromHub("mnli", "snli");
  const other = await fromHub("mnli-mm", "snli");
  assert.is(matched.splits.validation?.[0].where.file, "nyu-mll/glue/mnli/validation_matched-00000-of-00001.parquet");
  assert.is(other.splits.validation?.[0].where.file, "nyu-mll/glue/mnli/validation_mismatched-00000-of-00001.parquet");
});

test("a file with other columns is an error that names those it has", async () => {
  await rejectsWith(
    fromHub("squad", "drop"),
    ', columns: expected answers.text or answers, got ["section_id","passage"',
  );
  await rejectsWith(fromHub("record", "copa"), ', columns: expected answers, got ["premise","choice1"');
  await rejectsWith(
    fromHub("mnli", "multirc"),
    "class names of label: expected entailment, neutral, contradiction, got",
  );
  await rejectsWith(fromHub("cb", "snli"), "class names of label: expected entailment, contradiction, neutral, got");
});

test.run();

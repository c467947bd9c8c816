import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { tokenScorer } from "../../src/model/token-scorer";
import { sst2 } from "../../src/task/defs/sst2";
import { trec } from "../../src/task/defs/trec";
import { encodeExamples, labelledBatch } from "../../src/task/encode";
import { labelOf } from "../../src/task/example";
import { labelTokens } from "../../src/task/label-tokens";
import { readingOf, readingsOf } from "../../src/task/reading";
import type { Example } from "../../src/task/task";
import { taskNamed, tasks } from "../../src/task/tasks";
import { tokenizerFromGguf } from "../../src/text/gguf-tokenizer";
import { openGguf } from "../../src/weights/gguf";
import { findModel, missingModel } from "../support/models";
import { skipUnless } from "../support/skip";
import { tinyModel } from "../support/tiny-models";
import { taskTable } from "../support/task-table";
import { throwsWith } from "../support/throws";
import { wordTokenizer } from "../support/word-tokenizer";

const test = suite("task/tasks");
const smollm2 = findModel("smollm2");
const withModel = skipUnless(smollm2 !== null, missingModel("smollm2"));

const example = (fields: Readonly<Record<string, string>>): Example => ({
  fields,
  label: 1,
  where: { file: "x", line: 1 },
});

test("every task has one name, words and aliases that fit its classes, and a source for what it is judged on", () => {
  assert.is(new Set(tasks.map(({ name }) => name)).size, tasks.length);
  for (const task of tasks) {
    assert.is(taskNamed(task.name), task);
    assert.ok(readingsOf(task).length > 0, task.name);
    if (task.hub) assert.ok(task.hub.splits.train && task.hub.splits[task.testSplit], task.name);
    for (const { files, gap } of task.directories) assert.ok(files[task.testSplit] ?? gap?.kind === "cut", task.name);
    if (task.kind !== "classification") continue;
    for (const reading of [task.masked, task.causal])
      if (reading) assert.is(reading.words.length, task.labels.length, task.name);
    for (const label of Object.values(task.labelAliases)) assert.ok(label < task.labels.length, task.name);
    for (const name of task.hub?.labelNames ?? []) labelOf(task, name, { file: task.name, line: 1 });
  }
});

test("the table of tasks is that of the declarations", () => {
  const hint = "print it with node --import tsx test/support/print-task-table.ts";
  assert.ok(readFileSync("src/README.md", "utf8").includes(`\n${taskTable()}\n`), hint);
});

test("label words are one token each, and distinct", () => {
  const tokenizer = wordTokenizer();
  const [terrible, great] = labelTokens(sst2, "causal", tokenizer);
  assert.is(tokenizer.decode([terrible, great]), " terrible great");
  throwsWith(() => labelTokens(trec, "pooled", tokenizer), "label words of trec: expected one word per class");
  const withWords = (words: readonly string[]) => ({ ...sst2, causal: { ...sst2.causal!, words } });
  throwsWith(
    () => labelTokens(withWords([" not good", " great"]), "causal", tokenizer),
    "label words: expected one token each",
  );
  throwsWith(
    () => labelTokens(withWords([" great", " great"]), "causal", tokenizer),
    "label words: expected distinct tokens",
  );
});

test("a label word that joins the prompt's last word is an error", () => {
  // without its leading space "great" makes "wasgreat" of the prompt's "was"
  const joined = { ...sst2, causal: { ...sst2.causal!, words: ["terrible", "great"] } };
  throwsWith(
    () => labelTokens(joined, "causal", wordTokenizer()),
    'label word "terrible" after the prompt: expected token',
  );
});

test("an unknown task's error lists those there are, and the nearest", () => {
  throwsWith(() => taskNamed("sst"), "task: expected one of ");
  throwsWith(() => taskNamed("sst"), "; nearest: sst2");
});

test("a model's head decides how a task is read, and a task that cannot be read so is refused by name", () => {
  const readings = (["roberta-masked", "bert-masked", "llama", "opt", "bert", "roberta"] as const).map((name) =>
    readingOf(sst2, tinyModel(name).model),
  );
  assert.equal(readings, ["masked", "masked", "causal", "causal", "pooled", "pooled"]);
  assert.is(readingOf(sst2, tokenScorer(tinyModel("llama").model)), "causal", "a model that scores tokens by its head");
  throwsWith(
    () => readingOf({ ...trec, causal: null }, { reading: "causal" }),
    "task trec: expected a prompt to continue",
  );
});

withModel(test, 'the worked example with SmolLM2: the word is scored at the position of " was"', () => {
  if (smollm2 === null) return;
  const tokenizer = tokenizerFromGguf(openGguf(smollm2.weights).metadata);
  assert.equal(labelTokens(sst2, "causal", tokenizer), [13321, 1109]);
  const encoded = encodeExamples(sst2, "causal", [example({ sentence: "a gripping film ." })], tokenizer, {
    context: 8192,
  });
  // "a", " gripping", " film", " .", " It", " was": the next token is " terrible" or " great"
  assert.equal(labelledBatch(encoded, [0]), {
    input: { ids: [[81, 35913, 4771, 1673, 657, 436]], scored: [5] },
    labels: [1],
  });
});

test.run();

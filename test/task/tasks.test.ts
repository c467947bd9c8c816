import { suite } from "uvu";
import * as assert from "uvu/assert";
import { encodeExamples, labelledBatch } from "../../src/task/encode";
import { labelTokens } from "../../src/task/label-tokens";
import { sst2 } from "../../src/task/sst2";
import { taskNamed, tasks } from "../../src/task/tasks";
import { trec } from "../../src/task/trec";
import { tokenizerFromGguf } from "../../src/text/gguf-tokenizer";
import { openGguf } from "../../src/weights/gguf";
import { findModel, missingModel } from "../support/models";
import { skipUnless } from "../support/skip";
import { throwsWith } from "../support/throws";
import { wordTokenizer } from "../support/word-tokenizer";

const test = suite("task/tasks");
const smollm2 = findModel("smollm2");
const withModel = skipUnless(smollm2 !== null, missingModel("smollm2"));

test("the SST-2 prompt, to the character, and its label words", () => {
  assert.is(sst2.prompt({ sentence: "a gripping film ." }), "a gripping film . It was");
  assert.equal(sst2.labelWords, [" terrible", " great"]);
  assert.equal(sst2.labels, ["negative", "positive"]);
});

test("the TREC prompt is the question itself, and its classes are in the files' order", () => {
  assert.is(trec.prompt({ question: "Who was Galileo ?" }), "Who was Galileo ?");
  assert.equal(trec.labels, ["Description", "Entity", "Abbreviation", "Human", "Location", "Number"]);
});

test("every task has one name, and label words and aliases that fit its classes", () => {
  assert.is(new Set(tasks.map(({ name }) => name)).size, tasks.length);
  for (const task of tasks) {
    assert.is(taskNamed(task.name), task);
    if (task.labelWords) assert.is(task.labelWords.length, task.labels.length);
    for (const label of Object.values(task.labelAliases)) assert.ok(label < task.labels.length);
    assert.ok(task.hub.splits.includes(task.testSplit) && task.hub.splits.includes("train"));
  }
});

test("label words are one token each, and distinct", () => {
  const tokenizer = wordTokenizer();
  const [terrible, great] = labelTokens(sst2, tokenizer);
  assert.is(tokenizer.decode([terrible, great]), " terrible great");
  throwsWith(() => labelTokens(trec, tokenizer), "label words of trec: expected one word per class");
  const two = { ...sst2, labelWords: [" not good", " great"] };
  throwsWith(() => labelTokens(two, tokenizer), "label words: expected one token each");
  const same = { ...sst2, labelWords: [" great", " great"] };
  throwsWith(() => labelTokens(same, tokenizer), "label words: expected distinct tokens");
});

test("a label word that joins the prompt's last word is an error", () => {
  // without its leading space "great" makes "wasgreat" of the prompt's "was"
  const joined = { ...sst2, labelWords: ["terrible", "great"] };
  throwsWith(() => labelTokens(joined, wordTokenizer()), 'label word "terrible" after the prompt: expected token');
});

test("an unknown task's error lists those there are", () => {
  throwsWith(() => taskNamed("mnli"), 'task: expected one of trec, sst2, got "mnli"');
});

withModel(test, 'the worked example with SmolLM2: the word is scored at the position of " was"', () => {
  if (smollm2 === null) return;
  const tokenizer = tokenizerFromGguf(openGguf(smollm2.weights).metadata);
  assert.equal(labelTokens(sst2, tokenizer), [13321, 1109]);
  const where = { file: "x", line: 1 };
  const encoded = encodeExamples(
    sst2,
    [{ fields: { sentence: "a gripping film ." }, label: 1, where }],
    tokenizer,
    8192,
  );
  // "a", " gripping", " film", " .", " It", " was": the next token is " terrible" or " great"
  assert.equal(labelledBatch(encoded, [0]), {
    input: { ids: [[81, 35913, 4771, 1673, 657, 436]], scored: [5] },
    labels: [1],
  });
});

test.run();

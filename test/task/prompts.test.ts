import { suite } from "uvu";
import * as assert from "uvu/assert";
import { promptText, wordsOf } from "../../src/task/reading";
import type { Reading } from "../../src/task/task";
import { taskNamed } from "../../src/task/tasks";

const test = suite("task/prompts");

/** One worked example of each task and reading: fields, the text to the character, and the words that follow or fill the mask. */
const worked: readonly (readonly [string, Reading, Readonly<Record<string, string>>, string, readonly string[]])[] = [
  ["sst2", "causal", { sentence: "a gripping film ." }, "a gripping film . It was", [" terrible", " great"]],
  [
    "sst2",
    "masked",
    { sentence: "a gripping film ." },
    "<s>a gripping film . It was<mask>.</s>",
    [" terrible", " great"],
  ],
  ["sst2", "pooled", { sentence: "a gripping film ." }, "a gripping film .", []],
  [
    "trec",
    "masked",
    { question: "Who was Galileo ?" },
    "<s><mask>: Who was Galileo ?</s>",
    [" Description", " Entity", " Expression", " Human", " Location", " Number"],
  ],
  ["trec", "pooled", { question: "Who was Galileo ?" }, "Who was Galileo ?", []],
];

test("every prompt, to the character, and its label words", () => {
  for (const [name, reading, fields, text, words] of worked) {
    const task = taskNamed(name);
    assert.is(
      promptText(task, reading, { fields, label: 0, where: { file: "x", line: 1 } }),
      text,
      `${name}, ${reading}`,
    );
    if (reading !== "pooled") assert.equal(wordsOf(task, reading), words, name);
  }
});

test.run();

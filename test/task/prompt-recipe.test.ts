import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parsedRecipe, promptsOf, recipeOf } from "../../src/task/prompt-recipe";
import { tableTask } from "../../src/task/own-table";
import { promptText } from "../../src/task/reading";
import type { ClassificationTask } from "../../src/task/task";
import { taskNamed } from "../../src/task/tasks";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";
import { workedPrompts } from "../support/worked-prompts";

const test = suite("task/prompt-recipe");
const files = scratch();
test.after(() => files.remove());

test("as JSON and back the prompt of every task is what it was, but for those that change their texts", () => {
  const changing = new Set<string>();
  for (const { task: name, reading, example, text } of workedPrompts) {
    const task = taskNamed(name);
    if (task.kind !== "classification") continue;
    const json: unknown = JSON.parse(JSON.stringify(recipeOf(task, reading)));
    const recipe = parsedRecipe("prompt", json, Object.keys(task.fields), task.labels.length);
    assert.equal(recipe, recipeOf(task, reading), name);
    const again: ClassificationTask = { ...task, ...promptsOf(recipe) };
    if (promptText(again, reading, example) !== text) changing.add(`${name} ${reading}`);
  }
  assert.equal([...changing].sort(), CHANGING);
});

/** What takes the end off a sentence or writes its first letter small, as the reference does. */
const CHANGING: readonly string[] = [
  "boolq causal",
  "boolq-titled causal",
  "mnli masked",
  "mnli-mm masked",
  "mrpc masked",
  "qnli masked",
  "qqp masked",
  "rte masked",
  "snli masked",
  "wsc causal",
];

test("of a user's own template fields stand where their columns' names stood, also twice and beside braces", () => {
  const task = tableTask({
    file: files.file("a.csv", "x"),
    template: "{b}: {a} {b} <mask>!",
    label: "c",
    labelWords: { one: " good", two: " bad" },
  });
  assert.equal(recipeOf(task, "masked"), {
    reading: "masked",
    parts: [
      { special: "beginning" },
      { pieces: [{ field: "b" }, ": ", { field: "a" }, " ", { field: "b" }, " "] },
      { special: "mask" },
      { pieces: ["!"] },
      { special: "end" },
    ],
    whole: true,
    longest: 512,
    words: [" good", " bad"],
  });
  const parts = promptsOf(recipeOf(task, "masked")).masked!.parts({ a: "{b}", b: "<mask>" });
  assert.equal(parts[1], "<mask>: {b} <mask> ");
});

test("what is no recipe is refused by the place", () => {
  const refused = (value: unknown, message: string): void =>
    throwsWith(() => parsedRecipe("prompt", value, ["text"], 2), message);
  refused(null, "prompt: expected reading, parts and words");
  refused({ reading: "aloud", parts: [], words: [] }, "prompt: expected reading");
  refused({ reading: "causal", parts: [], words: ["a"] }, "prompt.words: expected a word for each of 2 classes");
  refused({ reading: "pooled", parts: [{ special: "start" }], words: [] }, "prompt.parts[0]: expected pieces");
  refused({ reading: "pooled", parts: [{ pieces: [1] }], words: [] }, "prompt.parts[0].pieces[0]: expected a text");
  refused({ reading: "masked", parts: [], words: ["a", "b"], longest: -1 }, "prompt.longest: expected a number");
});

test.run();

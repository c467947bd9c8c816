import { suite } from "uvu";
import * as assert from "uvu/assert";
import { optionTexts, rightOptions } from "../../src/task/options";
import { promptText, readingsOf, wordsOf } from "../../src/task/reading";
import type { Example } from "../../src/task/task";
import { taskNamed, tasks } from "../../src/task/tasks";
import { workedPrompts } from "../support/worked-prompts";
import { throwsWith } from "../support/throws";

const test = suite("task/prompts");

test("every prompt, to the character, and its label words", () => {
  for (const { task: name, reading, example, text, words } of workedPrompts) {
    const task = taskNamed(name);
    assert.is(promptText(task, reading, example), text, `${name}, ${reading}`);
    if (task.kind === "classification") {
      if (reading !== "pooled") assert.equal(wordsOf(task, reading), words, name);
    } else assert.equal(optionTexts(task, example), words, name);
  }
});

test("there is a worked prompt for every way in which a task can be read, but the plain text", () => {
  const missing = tasks.flatMap((task) =>
    readingsOf(task).flatMap((reading) =>
      reading === "pooled" || workedPrompts.some((one) => one.task === task.name && one.reading === reading)
        ? []
        : [`${task.name}, ${reading}`],
    ),
  );
  assert.equal(missing, []);
});

test("a word that is not a letter has no lower case, and an emoji is one character", () => {
  const pair = (premise: string, hypothesis: string): Example => ({
    fields: { premise, hypothesis },
    label: 0,
    where: { file: "x", line: 1 },
  });
  assert.is(promptText(taskNamed("rte"), "masked", pair("Fine 🙂", "3 are left.")), "<s>Fine ?<mask>, 3 are left.</s>");
});

test("of ReCoRD's names every one that an answer spells is right; the first answer is trained on", () => {
  const { example } = workedPrompts.find(({ task }) => task === "record")!;
  assert.equal(rightOptions(taskNamed("record"), example), [1, 2]);
  assert.equal(rightOptions(taskNamed("copa"), workedPrompts.find(({ task }) => task === "copa")!.example), [1]);
});

test("a reading that a task lacks is refused by name", () => {
  const { example } = workedPrompts[0];
  throwsWith(() => promptText(taskNamed("cb"), "masked", example), "task cb: expected a prompt with a mask");
  throwsWith(() => wordsOf(taskNamed("copa"), "causal"), "label words of copa: expected one word per class");
});

test.run();

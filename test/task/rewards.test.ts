import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadTask } from "../../src/task/load-task";
import { promptText } from "../../src/task/reading";
import { promptTask } from "../../src/task/prompt-task";
import { askedForm, askedWord, hasWord, rewards, wordCount } from "../../src/task/rewards";
import { inFolder } from "../support/in-folder";
import { rejectsWith, throwsWith } from "../support/throws";

const test = suite("task/rewards");
const row = { word: "rain", most: 4 };
const judge = (of: typeof askedWord, answer: string, more: object = {}) =>
  of({ prompt: "", answer, row: { ...row, ...more } });

test("the asked word in at most so many words", () => {
  assert.is(judge(askedWord, "Rain, rain: go!"), 1);
  assert.is(judge(askedWord, "The rain fell on the old roof."), (1 + 4 / 7) / 2);
  assert.is(judge(askedWord, "It is raining."), 0.5, "a part of another word is none");
  assert.is(judge(askedWord, "one two three four five six seven eight"), 0.25);
  for (const empty of ["", " ", "...", "\n"]) assert.is(judge(askedWord, empty), 0);
  // A number that comes as a text, as from a table.
  assert.is(judge(askedWord, "The rain fell on it at night.", { most: "7" }), 1);
});

test("the asked form has a third for each of its parts", () => {
  assert.is(judge(askedForm, "rain: it fell softly."), 1);
  assert.is(judge(askedForm, "Rain: It fell softly"), 2 / 3);
  assert.is(judge(askedForm, "rain it fell softly."), 2 / 3);
  assert.is(judge(askedForm, "snow: it fell softly."), 2 / 3);
  assert.is(judge(askedForm, "rain:"), 2 / 3, "no sentence");
  assert.is(judge(askedForm, "rain."), 1 / 3);
  for (const empty of ["", ":", " . "]) assert.is(judge(askedForm, empty), 0);
});

test("words are whole, in any script and case, and a row without its columns is told", () => {
  assert.equal(["", "a", "a  b", "one - two", "don't"].map(wordCount), [0, 1, 2, 2, 1]);
  assert.ok(hasWord("Die ÄRZTIN kam.", "ärztin"));
  assert.not(hasWord("anything", ""));
  throwsWith(() => judge(askedWord, "a", { most: undefined }), "row.most: expected a number of words, from a column");
  throwsWith(() => judge(askedWord, "a", { most: "few" }), "row.most: expected a number of words");
  for (const of of Object.values(rewards)) throwsWith(() => judge(of, "a", { word: undefined }), "row.word: expected a word, from a column"); // prettier-ignore
  for (const of of Object.values(rewards)) assert.ok(Number.isFinite(of({ prompt: "", answer: "a word", row })));
});

const asked = promptTask({
  file: "data/samples/asked.jsonl",
  template: 'Say something about {topic} in at most {most} words. Use the word "{word}".\nAnswer:',
  answer: "answer",
  newTokens: 16,
});

test("the project's prompts: 200, each with an answer that the reward gives all of", async () => {
  const { splits } = await loadTask(asked);
  const all = [...splits.train!, ...splits.test!];
  assert.equal([all.length, splits.test!.length], [200, 50]);
  for (const { fields, answers } of all)
    assert.is(askedWord({ prompt: "", answer: answers![0]!, row: fields }), 1, `${fields["word"]}: ${answers![0]}`);
  assert.is(new Set(all.map((example) => promptText(asked, "causal", example))).size, 200);
  assert.is(
    promptText(asked, "causal", splits.train![0]!),
    'Say something about food in at most 6 words. Use the word "lemon".\nAnswer:',
  );
});

test("a prompt task of one's own says what is wrong with it, with file and line", async () => {
  const made = (text: string, more: object = {}) =>
    inFolder({ "mine.jsonl": text }, (folder) =>
      loadTask(promptTask({ file: join(folder, "mine.jsonl"), template: "{q}:", answer: "a", ...more })),
    );
  const { splits } = await made('{"q": "One", "a": ["1", "one"]}\n{"q": 2, "a": "two"}\n');
  assert.equal(splits.train!.map(({ answers }) => answers), [["1", "one"], ["two"]]); // prettier-ignore
  await rejectsWith(made('{"q": "One", "a": ""}'), "mine.jsonl line 1, a: expected a text, or a list of texts");
  await rejectsWith(made('{"q": "One"}'), "mine.jsonl line 1, a: expected a text");
  await rejectsWith(made('{"a": "1"}'), "mine.jsonl line 1, field q: expected a text in column q");
  await rejectsWith(made('{"q": "One", "a": "1"}', { columns: ["w"] }), "field w: expected a text in column w");
  await rejectsWith(made(""), "mine.jsonl: expected lines of text");
  throwsWith(() => promptTask({ file: "none.csv", template: "{q}", answer: "a" }), "file: expected an existing file");
  const file = "data/samples/asked.jsonl";
  throwsWith(
    () => promptTask({ file, template: "no column", answer: "answer" }),
    "template: expected a text with columns",
  );
  throwsWith(
    () => promptTask({ file, template: "{answer}", answer: "answer" }),
    "template: expected columns other than",
  );
  throwsWith(() => promptTask({ file, template: "{word}", answer: "answer", stop: "" }), "stop: expected a text");
  throwsWith(() => promptTask({ file, template: "{word}", answer: "answer", newTokens: 0 }), "newTokens");
  const whole = { file, template: "{word}", answer: "answer" };
  throwsWith(() => promptTask({ ...whole, stops: "." } as never), /^promptTask: expected the options .*; nearest: stop, got "stops"/); // prettier-ignore
  throwsWith(() => promptTask({ ...whole, columns: "topic" as never }), "columns: expected a list of column names, got \"topic\""); // prettier-ignore
  for (const needed of ["file", "template", "answer"])
    throwsWith(() => promptTask({ ...whole, [needed]: undefined }), `${needed}: expected a text, got undefined`);
});

test.run();

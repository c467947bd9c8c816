import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { labelTokens } from "../../src/task/label-tokens";
import { loadTask } from "../../src/task/load-task";
import { tableTask } from "../../src/task/own-table";
import type { TableTaskOptions } from "../../src/task/own-options";
import { promptText, readingOf, readingsOf, wordsOf } from "../../src/task/reading";
import { inFolder } from "../support/in-folder";
import { rejectsWith, throwsWith } from "../support/throws";
import { wordTokenizer } from "../support/word-tokenizer";

const test = suite("task/own-table");
const template = "{subject}: {body} It was";
const labelWords = { yes: " bad", no: " fine" };
const mail = [
  "subject,body,spam",
  'Prize,"You won, twice",yes',
  "Lunch,At noon?,no",
  "Prize,Again,yes",
  "Hi,There,no",
  "Win,Now,yes",
  "Cash,Now,yes",
].join("\n");

test("the worked table: three lines make a task, every fourth row of a class is kept to test on", () =>
  inFolder({ "mail.csv": mail }, async (folder) => {
    const task = tableTask({ file: join(folder, "mail.csv"), template, label: "spam", labelWords });
    const { splits, origin, notices } = await loadTask(task);
    const [example] = splits.train!;
    assert.is(promptText(task, "causal", example), "Prize: You won, twice It was");
    assert.is(promptText(task, "pooled", example), "Prize You won, twice");
    assert.equal([example.label, task.labels, wordsOf(task, "causal")], [0, ["yes", "no"], [" bad", " fine"]]);
    assert.equal([splits.train?.length, splits.test?.map(({ fields }) => fields.subject)], [5, ["Cash"]]);
    assert.is(origin.description, "mail.csv from a table of the user's own (train 5, test 1)");
    assert.equal(notices, [
      "mail.csv: every fourth row of each class is kept for the test split",
      "test: no row of class no (yes 1)",
    ]);
    const tokenizer = wordTokenizer();
    assert.is(tokenizer.decode(labelTokens(task, "causal", tokenizer)), " bad fine");
  }));

test("a template with <mask> is for masked language models", () =>
  inFolder({ "mail.csv": mail }, async (folder) => {
    const file = join(folder, "mail.csv");
    const task = tableTask({ file, template: "{subject} It was<mask>.", label: "spam", labelWords });
    assert.equal(readingsOf(task), ["masked", "pooled"]);
    assert.is(readingOf(task, { reading: "pooled" }), "pooled");
    const [example] = (await loadTask(task)).splits.train!;
    assert.is(promptText(task, "masked", example), "<s>Prize It was<mask>.</s>");
    // a column that holds "<mask>" itself has no second one
    const sly = { ...example, fields: { subject: "a <mask> b" } };
    assert.is(promptText(task, "masked", sly), "<s>a <mask> b It was<mask>.</s>");
    assert.equal(task.masked!.parts(sly.fields).filter((part) => typeof part !== "string").length, 3);
  }));

test("TSV, JSON lines, Parquet and a second file to test on", () =>
  inFolder(
    {
      "a.tsv": "text\tlabel\nfine day\t1\n",
      "b.jsonl": '{"text": "dull", "label": 0}\n{"text": "so", "label": true}\n',
    },
    async (folder) => {
      const words = { 0: " bad", 1: " good" };
      const options = { template: "{text} It was", label: "label", labelWords: words, name: "mine" };
      const tsv = tableTask({ ...options, file: join(folder, "a.tsv"), testFile: join(folder, "a.tsv") });
      assert.is((await loadTask(tsv)).origin.description, "mine from a table of the user's own (train 1, test 1)");
      copyFileSync("test/fixtures/task/sst2-train-0.parquet", join(folder, "c.parquet"));
      const parquet = tableTask({ ...options, template: "{sentence} It was", file: join(folder, "c.parquet") });
      assert.is((await loadTask(parquet)).splits.train?.[0].fields.sentence, "a warm and patient little film");
      const jsonl = tableTask({ ...options, file: join(folder, "b.jsonl") });
      await rejectsWith(loadTask(jsonl), 'b.jsonl line 2, label: expected one of 0, 1, got "true"');
    },
  ));

test("labels are the names that the words are given for, never their order", () =>
  inFolder({ "stars.csv": "text,stars\nfine,5\ndull,1\nso,3\n", "bad.csv": "text,stars\nfine,0\n" }, async (folder) => {
    const options = { template: "{text} It was", label: "stars", labelWords: { 1: " bad", 3: " okay", 5: " good" } };
    const { splits } = await loadTask(
      tableTask({ ...options, file: join(folder, "stars.csv"), testFile: join(folder, "stars.csv") }),
    );
    assert.equal(
      splits.train?.map(({ label }) => options.labelWords[[1, 3, 5][label] as 1 | 3 | 5]),
      [" good", " bad", " okay"],
    );
    await rejectsWith(
      loadTask(tableTask({ ...options, file: join(folder, "bad.csv") })),
      'bad.csv line 2, label: expected one of 1, 3, 5, got "0"',
    );
  }));

test("what does not fit is an error that says what does", () =>
  inFolder({ "mail.csv": mail, "empty.csv": "", "head.csv": "subject,spam\n", "x.xlsx": "x" }, async (folder) => {
    const options = { file: join(folder, "mail.csv"), template: "{subject} It was", label: "spam", labelWords };
    const load = (changes: Partial<typeof options>) => loadTask(tableTask({ ...options, ...changes }));
    await rejectsWith(
      load({ template: "{subjekt} It was" }),
      'mail.csv line 1, header: expected a column subjekt; nearest: subject, got ["subject","body","spam"]',
    );
    await rejectsWith(
      load({ label: "ham" }),
      'mail.csv line 1, header: expected a column ham, got ["subject","body","spam"]',
    );
    await rejectsWith(
      load({ labelWords: { yes: " bad", maybe: " fine" } as never }),
      'mail.csv line 3, label: expected one of yes, maybe, got "no"',
    );
    await rejectsWith(load({ file: join(folder, "empty.csv") }), "empty.csv: expected lines of text");
    await rejectsWith(load({ file: join(folder, "head.csv") }), "head.csv: expected rows below its header");
    const made = (changes: Partial<TableTaskOptions>) => () => tableTask({ ...options, ...changes });
    throwsWith(made({ file: join(folder, "none.csv") }), "file: expected an existing file, got");
    throwsWith(made({ testFile: join(folder, "none.csv") }), "testFile: expected an existing file, got");
    throwsWith(made({ file: folder }), "file: expected an existing file, not a folder, got");
    throwsWith(
      made({ file: join(folder, "x.xlsx") }),
      'file: expected a .csv, .tsv, .jsonl or .parquet file, got "x.xlsx"',
    );
    throwsWith(made({ template: "It was" }), "template: expected a text with columns in braces");
    throwsWith(made({ template: "{} It was" }), "template: expected a text with columns in braces");
    throwsWith(made({ template: "{subject}<mask> or <mask>" }), "template: expected one <mask>, or none");
    throwsWith(made({ labelWords: { yes: " bad" } as never }), "labelWords: expected a word for each of at least two");
    throwsWith(made({ labelWords: { yes: " bad", no: " " } }), 'labelWords.no: expected a word, got " "');
    throwsWith(
      () => labelTokens(tableTask({ ...options, labelWords: { yes: " bad", no: " bad" } }), "causal", wordTokenizer()),
      "label words: expected distinct tokens",
    );
  }));

test.run();

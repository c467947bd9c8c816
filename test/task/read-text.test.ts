import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sst2 } from "../../src/task/defs/sst2";
import { trec } from "../../src/task/defs/trec";
import { examplesOf } from "../../src/task/example";
import { decodeText, labelledLines, tsv } from "../../src/task/read-text";
import type { Task } from "../../src/task/task";
import { throwsWith } from "../support/throws";

const test = suite("task/read-text");
const readTable = (task: Task, text: string, file: string) => examplesOf(task, tsv(text, file))?.examples ?? null;
const readLabelledLines = (task: Task, text: string, file: string) =>
  examplesOf(task, labelledLines(text, file))?.examples ?? [];

test("the worked table: columns by name in any order, texts trimmed, lines counted from the header", () => {
  const rows = readTable(sst2, "label\tcontent\n0\tno plot .\n1\t quite a ride \n", "dev.tsv");
  assert.equal(rows, [
    { fields: { sentence: "no plot ." }, label: 0, where: { file: "dev.tsv", line: 2 } },
    { fields: { sentence: "quite a ride" }, label: 1, where: { file: "dev.tsv", line: 3 } },
  ]);
  assert.equal(readTable(sst2, "sentence\tlabel\r\nno plot .\t0\r\n", "x")?.[0].fields, { sentence: "no plot ." });
});

test("labels may be numbers, names or aliases", () => {
  const labels = readTable(trec, "label\tquestion\nNumber\ta ?\n5\tb ?\nAbbreviation/Expression\tc ?\nhum\td ?\n", "x");
  assert.equal(
    labels?.map(({ label }) => label),
    [5, 5, 2, 3],
  );
});

test("the worked lines: a label, one space, the text with its own spaces", () => {
  assert.equal(readLabelledLines(trec, "5 How far is it ?\n0 What is an atom ?", "t.all"), [
    { fields: { question: "How far is it ?" }, label: 5, where: { file: "t.all", line: 1 } },
    { fields: { question: "What is an atom ?" }, label: 0, where: { file: "t.all", line: 2 } },
  ]);
});

test("bytes that are UTF-8 are read as UTF-8, all others as latin-1", () => {
  assert.is(decodeText(Buffer.from("crème brûlée", "utf8")), "crème brûlée");
  assert.is(decodeText(Buffer.from("crème brûlée", "latin1")), "crème brûlée");
});

test("UTF-16 and other bytes that are no text are refused with advice", () => {
  throwsWith(
    () => decodeText(Buffer.from("label\ttext\n", "utf16le"), "train.tsv"),
    'train.tsv: expected text in UTF-8 or latin-1, got "zero bytes, as in UTF-16 or a binary file; save it as UTF-8"',
  );
  assert.is(decodeText(Buffer.from("\ufefflabel", "utf8")), "label", "a byte order mark is no text");
});

test("lines end at \\n only: a NEL inside a latin-1 text stays", () => {
  const text = decodeText(Buffer.from("0 one\x85two ?\n", "latin1"));
  assert.equal(
    readLabelledLines(trec, text, "x").map(({ fields }) => fields.question),
    ["one\x85two ?"],
  );
});

test("a table without a label column is not labelled", () => {
  assert.is(readTable(sst2, "index\tsentence\n0\tno plot .\n", "test.tsv"), null);
});

test("errors name the file, the line, what was expected and what was got", () => {
  const table = (rows: string) => () => readTable(sst2, `sentence\tlabel\n${rows}`, "train.tsv");
  throwsWith(table("fine\t2\n"), 'train.tsv line 2, label: expected one of 0 negative, 1 positive, got "2"');
  throwsWith(table("fine\t1\ndull\n"), "train.tsv line 3: expected 2 tab-separated cells (sentence, label), got");
  throwsWith(table(" \t1\n"), "train.tsv line 2, field sentence: expected a text");
  throwsWith(table(""), "train.tsv: expected rows below its header");
  throwsWith(() => readTable(sst2, "", "train.tsv"), 'train.tsv: expected lines of text, got "an empty file"');
  throwsWith(
    () => readTable(sst2, "label\treview\n1\tfine\n", "train.tsv"),
    'train.tsv line 1, header: expected a column sentence or content or text, got ["label","review"]',
  );
  throwsWith(
    () => readLabelledLines(trec, "3 Who ?\n7 What ?\n", "t.all"),
    "t.all line 2, label: expected one of 0 Desc",
  );
  throwsWith(() => readLabelledLines(trec, "3 Who ?\n\n", "t.all"), "t.all line 2");
  throwsWith(() => readLabelledLines(trec, "3\n", "t.all"), "t.all line 1, field question: expected a text");
  throwsWith(() => readLabelledLines(trec, "constructor What ?\n", "t.all"), "t.all line 1, label");
});

test.run();

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { csv } from "../../src/task/read-csv";

type Row = { readonly label: number; readonly text: string };
type Sample = {
  readonly file: string;
  readonly header: string;
  readonly perClass: readonly number[];
  readonly words: readonly [number, number];
};

const samples: readonly Sample[] = [
  { file: "questions.tsv", header: "label\tquestion", perClass: [120, 120, 120, 120, 120, 120], words: [2, 13] },
  { file: "reviews.tsv", header: "label\tsentence", perClass: [206, 206], words: [3, 10] },
];

const read = (file: string): string => readFileSync(`data/samples/${file}`, "utf8");

const rowsOf = (file: string): readonly Row[] =>
  read(file)
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => {
      const [label = "", text = ""] = line.split("\t");
      return { label: Number(label), text };
    });

const wordsOf = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

const test = suite("data/samples");

for (const { file, header, perClass, words } of samples) {
  test(`${file} has the stated number of rows of every class`, () => {
    const counts = perClass.map((_, label) => rowsOf(file).filter((row) => row.label === label).length);
    assert.equal(counts, [...perClass]);
    // no row of another label: 6 x 120 = 720 questions, 2 x 206 = 412 reviews
    let total = 0;
    for (const count of perClass) total += count;
    assert.is(rowsOf(file).length, total);
  });

  test(`${file} is clean text: a header, two columns, line feeds, one line end at the end`, () => {
    const text = read(file);
    assert.is(text.split("\n")[0], header);
    assert.ok(text.endsWith("\n") && !text.endsWith("\n\n"));
    assert.not.ok(/\r|\uFFFD|\uFEFF| {2}/.test(text));
    for (const line of text.trimEnd().split("\n")) assert.match(line, /^[^\t]+\t\S([^\t]*\S)?$/);
  });

  test(`${file} repeats no text, case and punctuation apart`, () => {
    const seen = new Map<string, string>();
    for (const { text } of rowsOf(file)) {
      const key = wordsOf(text).join(" ");
      assert.is(seen.get(key), undefined, `"${text}" repeats "${seen.get(key)}"`);
      seen.set(key, text);
    }
  });

  test(`${file} keeps texts short`, () => {
    for (const { text } of rowsOf(file)) {
      const length = text.split(" ").length;
      assert.ok(length >= words[0] && length <= words[1], `"${text}" has ${length} words`);
    }
  });

  test(`${file} mixes its classes: every run of 60 rows holds all of them`, () => {
    const rows = rowsOf(file);
    for (let start = 0; start + 60 <= rows.length; start += 60) {
      const labels = new Set(rows.slice(start, start + 60).map((row) => row.label));
      assert.is(labels.size, perClass.length, `rows ${start}..${start + 59}`);
    }
  });
}

test("questions open in at least 25 ways in every class", () => {
  for (let label = 0; label < 6; label += 1) {
    const openings = rowsOf("questions.tsv")
      .filter((row) => row.label === label)
      .map((row) => wordsOf(row.text).slice(0, 2).join(" "));
    assert.ok(new Set(openings).size >= 25, `class ${label}: ${new Set(openings).size} openings`);
  }
});

test("questions end in a question mark or a full stop", () => {
  for (const { text } of rowsOf("questions.tsv")) assert.match(text, /[?.]$/);
});

test("messages.csv has 40 different messages of each kind, mixed, quoted where they hold a comma", () => {
  const { rows } = csv(read("messages.csv"), "messages.csv");
  assert.equal(
    ["bug", "question", "praise"].map((kind) => rows.filter(({ cells }) => cells["kind"] === kind).length),
    [40, 40, 40],
  );
  assert.is(new Set(rows.map(({ cells }) => wordsOf(String(cells["message"])).join(" "))).size, 120);
  for (let start = 0; start < 120; start += 30)
    assert.is(new Set(rows.slice(start, start + 30).map(({ cells }) => cells["kind"])).size, 3);
});

test("data/README.md states the licence", () => {
  assert.match(
    readFileSync("data/README.md", "utf8"),
    /Licence of everything in `samples\/`: CC0-1\.0 .*written for this project\./,
  );
});

test.run();

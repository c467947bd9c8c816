import { readFileSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadTask } from "../../src/task/load-task";
import type { LoadedTask } from "../../src/task/loaded-task";
import { tableTask } from "../../src/task/own-table";
import { scratch } from "../support/scratch";
import { rejectsWith, throwsWith } from "../support/throws";

const test = suite("task/odd-tables");
const place = scratch();
test.after(() => place.remove());
const YES_NO = { yes: " good", no: " bad" };

/** Loads a file of these bytes; its name says what it is. */
function load(
  name: string,
  content: string | Uint8Array,
  labelWords: Readonly<Record<string, string>> = YES_NO,
  more: { readonly template?: string; readonly label?: string; readonly test?: string } = {},
): Promise<LoadedTask> {
  const file = place.file(name);
  writeFileSync(file, content);
  const { template = "{text} It was", label = "label" } = more;
  const testFile = more.test === undefined ? {} : { testFile: place.file(`test-${name}`, more.test) };
  return Promise.resolve().then(() => loadTask(tableTask({ file, template, label, labelWords, ...testFile })));
}

const rowsOf = (rows: readonly (readonly [string, string])[], name: string): string => {
  const separator = name.endsWith(".tsv") ? "\t" : ",";
  return name.endsWith(".jsonl")
    ? rows.map(([text, label]) => `${JSON.stringify({ text, label })}\n`).join("")
    : `text${separator}label\n${rows.map((row) => `${row.join(separator)}\n`).join("")}`;
};
const labelsOf = ({ splits }: LoadedTask): readonly number[] =>
  [...splits.train!, ...splits.test!].sort((a, b) => a.where.line - b.where.line).map(({ label }) => label);
const said = ({ notices }: LoadedTask, part: string): void =>
  assert.ok(
    notices.some((notice) => notice.includes(part)),
    `${part}\nis not in\n${notices.join("\n")}`,
  );

for (const name of ["t.csv", "t.tsv", "t.jsonl"]) {
  test(`classes that differ by case stay two, and it is said: ${name}`, async () => {
    const rows = [1, 2, 3, 4, 5].flatMap((i) => [[`x${i}`, "Us"] as const, [`y${i}`, "us"] as const]);
    const loaded = await load(name, rowsOf(rows, name), { Us: " a", us: " b" });
    assert.equal(labelsOf(loaded), [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    said(loaded, 'the classes "Us" and "us" differ by capital letters alone and are kept apart');
    await rejectsWith(
      load(name, rowsOf([...rows, ["z", "US"]], name), { Us: " a", us: " b" }),
      "expected one of Us, us, got",
    );
  });

  test(`spellings that differ by something invisible are one class, and each is said: ${name}`, async () => {
    const odd = ["yes", "yes ", "yes\u00a0", "ye\u200bs", "\ufeffyes", "YES", "caf\u00e9", "cafe\u0301"];
    const rows = odd.map((label, i) => [`text ${i}`, label] as const);
    const loaded = await load(name, rowsOf(rows, name), { yes: " good", "caf\u00e9": " bad" });
    assert.equal(labelsOf(loaded), [0, 0, 0, 0, 0, 0, 1, 1]);
    said(
      loaded,
      `${name}: 6 rows spell their class otherwise: "yes " as yes (1), "yes\\u{a0}" as yes (1), "ye\\u{200b}s" as yes (1)`,
    );
    said(loaded, '"\\u{feff}yes" as yes (1), "YES" as yes (1), "cafe\\u{301}" as caf\u00e9 (1)');
  });

  test(`a class without rows is said with the counts, in train and in test: ${name}`, async () => {
    const rows = [
      ["a", "yes"],
      ["b", "yes"],
      ["c", "no"],
    ] as const;
    const words = { ...YES_NO, maybe: " so" };
    const loaded = await load(name, rowsOf(rows, name), words, { test: rowsOf([["d", "no"]], name) });
    said(loaded, "train: no row of class maybe (yes 2, no 1)");
    said(loaded, "test: no row of 2 classes: yes, maybe (no 1)");
    said(await load(name, rowsOf(rows, name)), "test: no row of 2 classes: yes, no (no rows at all)");
  });

  test(`a text that comes with two classes is said: ${name}`, async () => {
    const loaded = await load(
      name,
      rowsOf(
        [
          ["So so", "yes"],
          ["fine", "yes"],
          ["so  so", "no"],
        ],
        name,
      ),
    );
    const line = name.endsWith(".jsonl") ? 3 : 4;
    said(loaded, `${name}: 1 texts come again with another class, in line ${line} (no; line ${line - 2}: yes)`);
  });

  test(`a wrong column lists the columns: ${name}`, async () => {
    const rows = rowsOf([["a", "yes"]], name);
    await rejectsWith(
      load(name, rows, YES_NO, { template: "{Text} was" }),
      'expected a column Text; nearest: text, got ["text","label"]',
    );
    await rejectsWith(load(name, rows, YES_NO, { label: "class" }), 'expected a column class, got ["text","label"]');
    await rejectsWith(
      load(name, rows.replaceAll("text", "te\u200bxt")),
      'expected a column text; nearest: te\u200bxt; "te\\u{200b}xt" is not "text", got',
    );
  });

  test(`an empty class and a text of invisible characters are errors with their line: ${name}`, async () => {
    const [first, second] = name.endsWith(".jsonl") ? [1, 2] : [2, 3];
    await rejectsWith(
      load(
        name,
        rowsOf(
          [
            ["a", "yes"],
            ["b", " "],
          ],
          name,
        ),
      ),
      `${name} line ${second}, label: expected one of yes, no, got "an empty cell"`,
    );
    await rejectsWith(
      load(name, rowsOf([["\u200b", "yes"]], name)),
      `${name} line ${first}, field text: expected a text in column text`,
    );
  });
}

test("two columns of one name are an error in every format", async () => {
  await rejectsWith(
    load("t.csv", "text,text,label\na,b,yes\n"),
    't.csv line 1, header: expected columns of different names, got "text twice"',
  );
  await rejectsWith(load("t.csv", "text,label, text\na,yes,b\n"), 'got "text twice"');
  await rejectsWith(load("t.tsv", "text\tlabel\tlabel\na\tyes\tno\n"), 'got "label twice"');
  await rejectsWith(
    load("t.jsonl", '{"text": "a", "label": "no", "label": "yes"}\n'),
    't.jsonl line 1: expected keys that differ, got "label twice"',
  );
  await rejectsWith(load("t.jsonl", '{"text": "a", "te\\u0078t": "b", "label": "yes"}\n'), 'got "text twice"');
  const nested = '{"text": "a {\\"text\\": 1", "label": "yes", "meta": {"text": 1, "label": [{"text": 2}]}}\n';
  assert.is((await load("t.jsonl", nested)).splits.train?.length, 1);
  // unnamed columns, as programs that number rows leave them, are nobody's
  assert.is((await load("t.csv", ",text,label,\n0,a,yes,\n")).splits.train?.length, 1);
  said(await load("t.csv", "Text,text,label\na,b,yes\n"), 't.csv: column "text" is used; there is "Text" too');
});

test("a parquet file is read no other way", async () => {
  const read = (name: string): Uint8Array => readFileSync(`test/fixtures/task/${name}.parquet`);
  const words = { Us: " a", us: " b", them: " c" };
  const loaded = await load("odd.parquet", read("odd"), words);
  assert.equal(labelsOf(loaded), [0, 1, 1, 1, 0, 0, 1, 0]);
  said(
    loaded,
    'odd.parquet: 3 rows spell their class otherwise: "us " as us (1), "us\\u{a0}" as us (1), "Us\\u{200b}" as Us (1)',
  );
  said(loaded, "train: no row of class them (Us 3, us 3)");
  await rejectsWith(
    load("twice.parquet", read("twice"), words),
    'twice.parquet, columns: expected different names, got "text twice"',
  );
  await rejectsWith(
    load("odd.parquet", read("odd"), words, { label: "class" }),
    'expected a column class, got ["text","label"]',
  );
});

test("a template that gives the class away is an error", async () => {
  const columns = { template: "{text} ({label}) It was" };
  await rejectsWith(
    load("t.csv", "text,label\na,yes\n", YES_NO, columns),
    "template: expected columns other than label, the class's own, got",
  );
});

test("another separator than the name says is said", async () => {
  const semicolons = "text;label\na, b;yes\n";
  await rejectsWith(
    load("t.csv", semicolons),
    't.csv line 1, header: expected columns separated by commas, got "semicolons; save it with commas"',
  );
  await rejectsWith(load("t.csv", '"text, whole";label\na;yes\n'), 'got "semicolons; save it with commas"');
  await rejectsWith(load("t.csv", "text\tlabel\na\tyes\n"), 'got "tabs; name it .tsv"');
  await rejectsWith(load("t.csv", "sep=;\ntext;label\n"), 'got "semicolons');
  await rejectsWith(load("t.csv", "text|label\na|yes\n"), 'got "bars');
  await rejectsWith(
    load("t.tsv", "text,label\na,yes\n"),
    'expected columns separated by tabs, got "commas; name it .csv"',
  );
  await rejectsWith(load("t.tsv", "text;label\na;yes\n"), 'got "semicolons; save it with commas"');
  await rejectsWith(
    load("t.csv", "id;text,label\n1;a,yes\n"),
    "expected a column text; nearest: id;text (is the table separated by semicolons?), got",
  );
});

test("other encodings are errors, or are said", async () => {
  const table = "text,label\ncr\u00e8me,yes\n\u201cfine\u201d,no\n";
  await rejectsWith(
    load("t.csv", Buffer.from(`\ufeff${table}`, "utf16le")),
    't.csv: expected text in UTF-8, got "UTF-16, by its first bytes; save it as UTF-8"',
  );
  await rejectsWith(load("t.csv", Buffer.from(table, "utf16le")), "zero bytes, as in UTF-16");
  const swapped = Buffer.from(`\ufeff\u4f60\u597d`, "utf16le").swap16();
  await rejectsWith(load("t.jsonl", swapped), "UTF-16, by its first bytes");
  const latin = Buffer.from("text,label\ncr\u00e8me,yes\n\x93fine\x94,no\n", "latin1");
  const loaded = await load("t.csv", latin);
  assert.equal(
    loaded.splits.train?.map(({ fields }) => fields["text"]),
    ["cr\u00e8me", "\u201cfine\u201d"],
  );
  said(loaded, "t.csv: is not UTF-8 (line 2), and was read as Windows-1252");
  const mixed = Buffer.concat([Buffer.from("text,label\ncr\u00e8me,yes\n"), Buffer.from("caf\u00e9,no\n", "latin1")]);
  await rejectsWith(load("t.csv", mixed), "t.csv line 3: expected text in UTF-8, as in line 2, got");
  said(await load("t.csv", "text,label\na,yes\nb\ufffd,no\n"), "t.csv line 3: holds U+FFFD");
  await rejectsWith(load("t.csv", Buffer.from([0x50, 0x4b, 3, 4, 20])), "a zip file, as .xlsx is");
  await rejectsWith(load("t.csv", Buffer.from([0x1f, 0x8b, 8])), "a gzip file");
  assert.is((await load("t.csv", `\ufeff${table}`)).splits.train?.length, 2);
});

test("quotes that are missing, never closed or no quotes are said", async () => {
  await rejectsWith(load("t.csv", 'text,label\n"a,yes\nb,no\n'), "t.csv line 2: expected a closing quote");
  const swallowed = await load("t.csv", 'text,label\n"a,yes\nb,no\nc",no\nd,yes\n');
  said(swallowed, "t.csv: a cell with line ends in it holds what looks like rows, in line 2: is a quote missing?");
  const poem = await load("t.csv", 'text,label\n"roses are red,\nviolets, too",yes\nd,no\n');
  assert.not(poem.notices.some((notice) => notice.includes("quote")));
  said(
    await load("t.tsv", 'text\tlabel\n"a ""b"""\tyes\n"c"\tno\n'),
    "t.tsv: texts are in quotes, which are read as a part of them (2 rows)",
  );
});

test("ragged rows, a header that is missing and rows of another kind are errors with their line", async () => {
  await rejectsWith(
    load("t.csv", "text,label\na,yes\nb, c,no\n"),
    "t.csv line 3: expected 2 comma-separated cells (text, label)",
  );
  await rejectsWith(load("t.csv", "text,label\na\n"), "t.csv line 2: expected 2 comma-separated cells");
  await rejectsWith(
    load("t.csv", "a film,yes\na song,no\n"),
    'expected a column text (is the first line a row? It has to name the columns), got ["a film","yes"]',
  );
  await rejectsWith(load("t.jsonl", '[{"text": "a", "label": "yes"}]\n'), "t.jsonl line 1: expected a JSON object");
  await rejectsWith(
    load("t.jsonl", '{"text": "a", "label": "yes"}\n{"text": "b"}\n'),
    't.jsonl line 2, label: expected one of yes, no, got "none"',
  );
  await rejectsWith(
    load("t.jsonl", '{"text": "a", "label": "yes"}\n{"label": "no"}\n'),
    "t.jsonl line 2, field text: expected a text",
  );
});

test("classes that look the same, or have no name, cannot be declared", () => {
  const file = place.file("t.csv", "text,label\n");
  const made = (labelWords: Readonly<Record<string, string>>) => () =>
    tableTask({ file, template: "{text}", label: "label", labelWords });
  throwsWith(made({ yes: " a", "yes\u00a0": " b" }), "labelWords: expected classes that look different, got");
  throwsWith(made({ "caf\u00e9": " a", "cafe\u0301": " b" }), "classes that look different");
  throwsWith(made({ yes: " a", "\u200b": " b" }), "classes with a name");
});

test("ten thousand classes are read in one pass over the rows", async () => {
  const classes = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`c${i}`, " w"]));
  const rows = Array.from({ length: 40_000 }, (_, i) => `t${i},c${i % 10_000}`).join("\n");
  const { splits, notices } = await load("t.csv", `text,label\n${rows}\n`, classes);
  assert.equal([splits.train?.length, splits.test?.length, splits.train?.[7]?.label], [30_000, 10_000, 7]);
  assert.equal(notices.length, 1);
});

test.run();

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { csv } from "../../src/task/read-csv";
import { throwsWith } from "../support/throws";

const test = suite("task/read-csv");
const cells = (text: string) => csv(text, "x.csv").rows.map((row) => row.cells);

test("the worked rows: commas, doubled quotes and line ends inside quotes", () => {
  const { rows } = csv('label,text\n1,"one, ""two"""\n0,"a\nb"\r\n1, c\n', "x.csv");
  assert.equal(rows, [
    { cells: { label: "1", text: 'one, "two"' }, where: { file: "x.csv", line: 2 } },
    { cells: { label: "0", text: "a\nb" }, where: { file: "x.csv", line: 3 } },
    { cells: { label: "1", text: " c" }, where: { file: "x.csv", line: 5 } },
  ]);
});

test("empty cells stay, empty lines go, and the last line needs no end", () => {
  assert.equal(cells('a,b\n,\n\n"",x'), [
    { a: "", b: "" },
    { a: "", b: "x" },
  ]);
});

test("without a header the columns are those given", () => {
  const rows = csv('0,"no plot"\n1,fine\n', "train.csv", { columns: ["label", "text"] }).rows;
  assert.equal(
    rows.map((row) => row.cells),
    [
      { label: "0", text: "no plot" },
      { label: "1", text: "fine" },
    ],
  );
});

test("what Python's csv module writes is read back", () => {
  // csv.writer(f, lineterminator="\r\n").writerows([["a", 'b"c'], ["d,e", "f\ng"], ["", "h"]])
  assert.equal(
    csv('a,"b""c"\r\n"d,e","f\ng"\r\n,h\r\n', "x", { columns: ["p", "q"] }).rows.map((row) => row.cells),
    [
      { p: "a", q: 'b"c' },
      { p: "d,e", q: "f\ng" },
      { p: "", q: "h" },
    ],
  );
});

test("an open quote, text after a quote, a short row and an empty file are errors with their line", () => {
  throwsWith(() => cells('a,b\n1,"x\n'), "x.csv line 2: expected a closing quote");
  throwsWith(() => cells('a,b\n1,"x"y\n'), 'x.csv line 2: expected a comma or a line end after a quoted cell, got "y"');
  throwsWith(() => cells("a,b\n1,x\n2\n"), 'x.csv line 3: expected 2 comma-separated cells (a, b), got "1"');
  throwsWith(() => cells("\n \n"), "x.csv: expected lines of text");
});

test.run();

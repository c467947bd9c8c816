import { suite } from "uvu";
import * as assert from "uvu/assert";
import { csv } from "../../src/task/read-csv";
import { jsonLines } from "../../src/task/read-json";
import { tableLines } from "../../src/task/write-table";

const test = suite("task/write-table");
const texts = ["plain", "a, b", 'say "so"', "two\nlines", " room ", "\ttab", "", "ünï ☃", "<b>", "=1+1", "a\r\nb", '"'];
const rows = texts.map((text, i) => ({ text, "a, name": `${i}` }));

test("what is written as CSV or as JSON lines is read again as it was, whatever stands in a cell", () => {
  const columns = ["text", "a, name"];
  const cells = (read: ReturnType<typeof csv>): unknown => read.rows.map((row) => row.cells);
  assert.equal(cells(csv([...tableLines("csv", columns, rows)].join(""), "a.csv")), rows);
  assert.equal(cells(jsonLines([...tableLines("json lines", columns, rows)].join(""), "a.jsonl")), rows);
});

test("what is no text has a form of its own: nothing, JSON, and integers beyond 2^53 to the digit", () => {
  const row = { a: null, b: { c: [1, 2] }, d: 2n ** 60n, e: 7n };
  assert.equal(
    [...tableLines("csv", ["a", "b", "d", "e", "f"], [row])][1],
    ',"{""c"":[1,2]}",1152921504606846976,7,\n',
  );
  assert.equal([...tableLines("json lines", ["a", "b", "d", "e", "f"], [row])], ['{"a":null,"b":{"c":[1,2]},"d":"1152921504606846976","e":7}\n']); // prettier-ignore
});

test.run();

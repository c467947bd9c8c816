import { suite } from "uvu";
import * as assert from "uvu/assert";
import { csv } from "../../src/task/read-csv";
import { jsonLines } from "../../src/task/read-json";
import { tableLines } from "../../src/task/write-table";
import { throwsWith } from "../support/throws";

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

test("a column that only some rows have is empty in the others, even where every object has something of that name", () => {
  const columns = ["id", "constructor", "__proto__", "toString"];
  const rows = [JSON.parse('{"id":"1","constructor":"a","__proto__":"b","toString":"c"}'), { id: "2" }] as object[] as Record<string, unknown>[]; // prettier-ignore
  assert.equal([...tableLines("csv", columns, rows)].slice(1), ["1,a,b,c\n", "2,,,\n"]);
  assert.equal([...tableLines("json lines", columns, rows)][1], '{"id":"2"}\n');
});

test("an integer beyond 2^53 is read from JSON lines to the digit, within lists and objects too; what stands in a text stays", () => {
  const line =
    '{"id":12345678901234567890,"in":[{"n":-9007199254740993}],"t":"see 12345678901234567890, \\"1","f":0.12345678901234567890,"s":9007199254740991}';
  const { rows } = jsonLines(`${line}\n`, "a.jsonl");
  assert.equal(rows[0]!.cells, {
    id: "12345678901234567890",
    in: [{ n: "-9007199254740993" }],
    t: 'see 12345678901234567890, "1',
    f: 0.12345678901234568,
    s: 9007199254740991,
  });
  assert.is([...tableLines("csv", ["id"], [rows[0]!.cells])][1], "12345678901234567890\n");
  throwsWith(() => jsonLines('{"id":01234567890123456789}\n', "a.jsonl"), "a.jsonl line 1: expected a JSON object");
});

test.run();

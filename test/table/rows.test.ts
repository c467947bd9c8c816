import { suite } from "uvu";
import * as assert from "uvu/assert";
import { tableOf } from "../../src/table/rows";
import { toText } from "../../src/table/text";
import { throwsWith } from "../support/throws";

const test = suite("table/rows");

test("two rows of three fields are a table of two rows and three columns", () => {
  const table = tableOf([
    { core: "G1", shape: "1 x 2 x 5", parameters: 10 },
    { core: "G2", shape: "5 x 3 x 5", parameters: 75 },
  ]);
  assert.equal(table.columnNames(), ["core", "shape", "parameters"]);
  assert.is(
    toText(table),
    [
      "core  shape      parameters",
      "----  ---------  ----------",
      "G1    1 x 2 x 5          10",
      "G2    5 x 3 x 5          75",
    ].join("\n"),
  );
});

test("no rows, and a row with other fields, are refused", () => {
  throwsWith(() => tableOf([]), "rows: expected at least one row, got []");
  throwsWith(() => tableOf([{ a: 1 }, { b: 1 }]), "rows[1]: expected the fields a");
});

test.run();

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kindsInWords } from "../../src/check/kinds";

const test = suite("check/kinds");

test("names of a table, as a message says them", () => {
  assert.equal([{}, { a: 0 }, { a: 0, b: 0 }, { a: 0, b: 0, "c-d": 0 }].map(kindsInWords), [
    "",
    '"a"',
    '"a" or "b"',
    '"a", "b" or "c-d"',
  ]);
});

test.run();

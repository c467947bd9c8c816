import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fitFields } from "../../src/task/fit-fields";
import { throwsWith } from "../support/throws";

const test = suite("task/fit-fields");
const words = ({ a = "", b = "" }: Readonly<Record<string, string>>): number => `${a} ${b}`.trim().split(/\s+/).length;

test("of three words and one, two and one are left where three fit", () => {
  const fields = { a: "one two three", b: "x" };
  assert.equal(fitFields(fields, words, 3, "end"), { a: "one two", b: "x" });
  assert.equal(fitFields(fields, words, 3, "beginning"), { a: "two three", b: "x" });
  assert.is(fitFields(fields, words, 4, "end"), fields);
});

test("one character more would not fit, and no character is cut in two", () => {
  for (const length of [1, 2, 7, 40]) {
    const text = Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? "👍" : "ab"[i % 2])).join("");
    const tokens = ({ a = "" }: Readonly<Record<string, string>>): number => [...a].length + 3;
    const { a = "" } = fitFields({ a: text }, tokens, length + 3, "end");
    assert.is([...a].length, length);
    assert.ok(text.startsWith(a) && !/\p{Cs}/u.test(a));
  }
});

test("a template that fills the room is an error", () => {
  throwsWith(
    () => fitFields({ a: "one" }, () => 9, 5, "end"),
    'template: expected fewer than 5 tokens beside its columns, got "9 with one character in each"',
  );
});

test.run();

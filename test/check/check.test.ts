import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fail, show } from "../../src/check/check";

const test = suite("check/check");

const message = (what: string, expected: string, got: unknown): string => {
  try {
    return fail(what, expected, got);
  } catch (error) {
    return (error as Error).message;
  }
};

test("a message says what, expected and got", () => {
  assert.is(message("ranks[2]", "a positive integer", 0), "ranks[2]: expected a positive integer, got 0");
});

test("names from a hostile file stay short and plain", () => {
  const long = message(`file: ${"x".repeat(30000)} end`, "b", "c".repeat(1000));
  assert.ok(long.length < 600, `${long.length} characters`);
  assert.ok(long.startsWith("file: xxx") && long.includes("x end: expected b, got"));
  assert.is(message("a\u001b[31m\nb", "c", 1), "a?[31m?b: expected c, got 1");
});

test("a value that has no JSON is shown by its kind", () => {
  const within: unknown[] = [];
  within.push(within);
  assert.is(show(within), "a list of 1");
  let deep: unknown = 1;
  for (let i = 0; i < 20000; i++) deep = [deep];
  assert.is(show(deep), "a list of 1");
  const self: Record<string, unknown> = {};
  self["self"] = self;
  assert.is(show(self), "an object");
});

test.run();

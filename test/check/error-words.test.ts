import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { codeOf, messageOf } from "../../src/check/error-words";

const test = suite("error words");

/** What a call throws. */
function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return assert.unreachable("expected an error, got none");
}

test("an error says its message, whatever kind of error it is", () => {
  assert.is(messageOf(new Error("no room")), "no room");
  assert.is(messageOf(new RangeError("too far")), "too far");
  assert.is(messageOf(new Error("")), "");
});

test("what is thrown and is no error says its text", () => {
  for (const [thrown, said] of [
    ["stop", "stop"],
    [3, "3"],
    [undefined, "undefined"],
    [null, "null"],
    [{ toString: () => "own words" }, "own words"],
    [{ status: 503 }, '{"status":503}'],
  ])
    assert.is(messageOf(thrown), said);
});

test("a system's error has its code, as the system gives it", () => {
  assert.is(codeOf(thrownBy(() => readFileSync("no/such/file"))), "ENOENT");
  assert.is(codeOf(thrownBy(() => readFileSync("."))), "EISDIR");
});

test("what has no code has an empty one", () => {
  for (const thrown of [new Error("no room"), { code: "ENOENT" }, "ENOENT", undefined, null])
    assert.is(codeOf(thrown), "");
});

test.run();

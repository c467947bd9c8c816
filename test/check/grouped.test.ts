import { suite } from "uvu";
import * as assert from "uvu/assert";
import { grouped } from "../../src/check/grouped";

const test = suite("check/grouped");

test("the worked groups keep the order of first members, and of members", () => {
  assert.equal(
    grouped([1, 2, 3, 4, 5], (n) => String(n % 2)),
    [
      [1, 3, 5],
      [2, 4],
    ],
  );
});

test("nothing has no group, and a key of an object's own names is a key like any other", () => {
  assert.equal(
    grouped([], () => "a"),
    [],
  );
  assert.equal(
    grouped(["__proto__", "constructor"], (name) => name),
    [["__proto__"], ["constructor"]],
  );
});

test.run();

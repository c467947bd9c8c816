import { suite } from "uvu";
import * as assert from "uvu/assert";
import { broadcast, joined, productShape, restOf, withAxis } from "../../src/ops/shape";
import { throwsWith } from "../support/throws";

const test = suite("ops/shape");

test("broadcasts from the right, names as well as sizes", () => {
  assert.equal(broadcast(["P", "T", 4], [1, "T", 1]), ["P", "T", 4]);
  assert.equal(broadcast([4], ["R", "T", 4]), ["R", "T", 4]);
  assert.equal(broadcast([], ["R"]), ["R"]);
});

test("a product keeps the first's rows and the second's columns", () => {
  assert.equal(productShape([1, "T", 4], ["R", 4, 2]), ["R", "T", 2]);
  assert.equal(productShape(["R", 30, 64, 5], ["R", 30, 5, 40]), ["R", 30, 64, 40]);
});

test("what is joined along the leading axis comes apart again", () => {
  assert.equal(joined([1, "P"]), "1+P");
  assert.equal(restOf("1+P"), "P");
  assert.is(joined([1, 3]), 4);
  assert.is(restOf(4), 3);
  assert.equal(withAxis([1, "T", 8], 0, joined([1, "P"])), ["1+P", "T", 8]);
  assert.equal(withAxis([1, "T", 8], -1, 1), [1, "T", 1]);
});

test("dimensions that differ are refused: they would be planned into each other's memory", () => {
  throwsWith(() => broadcast(["P", 4], ["R", 4]), "shapes: expected two that broadcast");
});

test.run();

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { randomKey } from "../../src/random/key";
import { permutation, sampled, shuffled } from "../../src/random/permutation";
import { throwsWith } from "../support/throws";

const test = suite("random/permutation");

test("a permutation holds every index once, and the same key gives the same order", () => {
  const order = permutation(randomKey(9, "batch", 2), 100);
  assert.equal(
    [...order].sort((a, b) => a - b),
    Array.from({ length: 100 }, (_, i) => i),
  );
  assert.equal(order, permutation(randomKey(9, "batch", 2), 100));
  assert.not.equal(order, permutation(randomKey(9, "batch", 3), 100));
});

test("the six orders of three items are equally frequent (chi-square below its 4-sigma bound)", () => {
  const counts = new Map<string, number>();
  const draws = 6000;
  for (let i = 0; i < draws; i++) {
    const order = permutation(randomKey(1, "batch", i), 3).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.is(counts.size, 6);
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  assert.ok(chiSquare < 5 + 4 * Math.sqrt(10), `chi-square ${chiSquare} with 5 degrees of freedom`);
});

test("shuffling leaves the given array alone; nothing and one item are fine", () => {
  const items = ["a", "b", "c"];
  assert.equal([...shuffled(randomKey(0, "batch"), items)].sort(), ["a", "b", "c"]);
  assert.equal(items, ["a", "b", "c"]);
  assert.equal(shuffled(randomKey(0, "batch"), []), []);
  assert.equal(shuffled(randomKey(0, "batch"), [1]), [1]);
});

test("a sample has distinct items, and more than there are is refused", () => {
  assert.is(new Set(sampled(randomKey(0, "sample"), [1, 2, 3, 4, 5], 4)).size, 4);
  throwsWith(() => sampled(randomKey(0, "sample"), [1, 2], 3), "count: expected at most the 2 items there are, got 3");
  throwsWith(() => permutation(randomKey(0, "sample"), -1), "size: expected a non-negative integer, got -1");
});

test.run();

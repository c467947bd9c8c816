import { suite } from "uvu";
import * as assert from "uvu/assert";
import { nearestEven, roundTogether } from "../../src/ops/grid";
import type { Levels } from "../../src/ops/grid";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { near } from "../support/near";

const test = suite("ops/grid");
const rounded = (values: readonly number[], levels: Levels): number[] => {
  const x = Float64Array.from(values);
  roundTogether(x, levels);
  return [...x];
};

test("symmetric: 3 bits have -3..3 of max |x| / 3, and 2 bits three levels; a tie takes the even one", () => {
  assert.equal(rounded([3, -1.4, 0.5, 1.5, -2.6], { bits: 3, range: "symmetric" }), [3, -1, 0, 2, -3]);
  assert.equal(rounded([-4, 2.1, 2, 1.9], { bits: 2, range: "symmetric" }), [-4, 4, 0, 0]);
});

test("min-max: 0 is a level, whichever side the numbers are on", () => {
  assert.equal(rounded([-1, 2, 0.4, 0.6], { bits: 2, range: "min-max" }), [-1, 2, 0, 1]);
  assert.equal(rounded([1, 3], { bits: 2, range: "min-max" }), [1, 3]);
  assert.equal(rounded([-3, -2.4], { bits: 2, range: "min-max" }), [-3, -2]);
  assert.equal(rounded([0, 0], { bits: 8, range: "min-max" }), [0, 0]);
  assert.equal(rounded([0, 0], { bits: 8, range: "symmetric" }), [0, 0]);
});

test("no number moves by more than half a step (a step where 0 is moved to a level), and what is rounded stays", () => {
  for (const range of ["symmetric", "min-max"] as const)
    for (const bits of [2, 3, 4, 8, 16]) {
      const x = Float64Array.from(normals(randomKey(bits, "check"), 200));
      const y = x.slice();
      roundTogether(y, { bits, range });
      const step =
        range === "symmetric"
          ? Math.max(...x.map(Math.abs)) / (2 ** (bits - 1) - 1)
          : (Math.max(...x) - Math.min(...x)) / (2 ** bits - 1);
      const moved = Math.max(...x.map((value, i) => Math.abs(value - y[i]!)));
      assert.ok(moved <= (range === "symmetric" ? 0.5000001 : 1.0000001) * step, `${range}, ${bits}: ${moved / step}`);
      assert.ok(moved > 0.4 * step);
      if (range !== "symmetric") continue;
      const again = y.slice();
      roundTogether(again, { bits, range });
      near(again, y, 1e-15);
    }
});

test("a number that is not finite stays seen", () => {
  assert.ok(rounded([1, NaN], { bits: 8, range: "symmetric" }).some(Number.isNaN));
  assert.ok(rounded([1, Infinity], { bits: 8, range: "min-max" }).some(Number.isNaN));
});

test("the nearest whole number takes ties to even on both sides of 0", () => {
  assert.equal([0.5, 1.5, 2.5, -0.5, -1.5, 2.4999].map(nearestEven), [0, 2, 2, -0, -2, 2]);
});

test.run();

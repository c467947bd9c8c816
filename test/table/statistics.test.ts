import { suite } from "uvu";
import * as assert from "uvu/assert";
import { spread, tCritical95, tInterval95 } from "../../src/table/statistics";
import { throwsWith } from "../support/throws";

const test = suite("table/statistics");

test("the spread of 1, 3 is mean 2 and standard deviation sqrt 2", () => {
  // ((1 - 2)^2 + (3 - 2)^2) / (2 - 1) = 2
  assert.equal(spread([1, 3]), { kind: "spread", mean: 2, standardDeviation: Math.SQRT2, count: 2 });
});

test("one value has no standard deviation", () => {
  assert.equal(spread([5]), { kind: "spread", mean: 5, standardDeviation: null, count: 1 });
});

test("the interval of 1, 2, 3 reaches 4.303 / sqrt 3 to either side", () => {
  const { method, low, high } = tInterval95([1, 2, 3]);
  assert.is(method, "t interval, 95 %");
  assert.is(low.toFixed(3), (2 - 4.30265 / Math.sqrt(3)).toFixed(3));
  assert.is(high.toFixed(3), "4.484");
});

test("critical values agree with the printed t table", () => {
  const table = { 1: "12.706", 2: "4.303", 3: "3.182", 4: "2.776", 5: "2.571", 9: "2.262", 30: "2.042", 120: "1.980" };
  for (const [degrees, value] of Object.entries(table))
    assert.is(tCritical95(Number(degrees)).toFixed(3), value, degrees);
});

test("no value, a value that is not finite and an interval of one value are refused", () => {
  throwsWith(() => spread([]), "values: expected at least one value, got []");
  throwsWith(() => spread([1, NaN]), "values[1]: expected a finite number, got NaN");
  throwsWith(() => tInterval95([1]), "values: expected at least two values for an interval, got [1]");
});

test.run();

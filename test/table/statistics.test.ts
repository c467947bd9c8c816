import { suite } from "uvu";
import * as assert from "uvu/assert";
import { spread, tCritical95, tInterval95, wilson95 } from "../../src/table/statistics";
import { near } from "../support/near";
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

test("Wilson's interval of 25 right of 30, of none and of all", () => {
  // the closed form in Python's floats
  const { method, low, high } = wilson95(25 / 30, 30);
  assert.is(method, "Wilson interval, 95 %");
  near([low, high], [0.6643564949358397, 0.9266345762815145], 1e-14);
  near([wilson95(0, 30).low, wilson95(0, 30).high], [0, 0.11351339317396876], 1e-14);
  near([wilson95(1, 30).low, wilson95(1, 30).high], [0.8864866068260312, 1], 1e-14);
  // what it is defined by: (p - share)^2 = z^2 p (1 - p) / n at both ends
  for (const [right, count] of [
    [3, 8],
    [50, 200],
    [1, 1000],
  ] as const) {
    const { low, high } = wilson95(right / count, count);
    for (const p of [low, high])
      near([(p - right / count) ** 2], [(1.959963984540054 ** 2 * p * (1 - p)) / count], 1e-12);
  }
  throwsWith(() => wilson95(NaN, 3), "share: expected a number from 0 to 1, got NaN");
  throwsWith(() => wilson95(0.5, 0), "count: expected a positive integer, got 0");
});

test.run();

import * as assert from "uvu/assert";

/** The largest |got - expected|, relative to the largest |expected|. */
export function relativeError(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  assert.is(got.length, expected.length, "as many numbers as expected");
  let [difference, largest] = [0, 0];
  for (let i = 0; i < got.length; i++) {
    difference = Math.max(difference, Math.abs(got[i] - expected[i]));
    largest = Math.max(largest, Math.abs(expected[i]));
    if (Number.isNaN(got[i])) return NaN;
  }
  return largest === 0 ? difference : difference / largest;
}

/** Asserts that the relative error is at most `tolerance`. */
export function near(got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what = ""): void {
  const error = relativeError(got, expected);
  assert.ok(error <= tolerance, `${what} relative error ${error}, expected at most ${tolerance}`);
}

import { fail, sameLength } from "../check/check";
import { mean } from "../tree/mean";

/** How an estimator's projected gradients at some precision agree with the exact ones in fp32, on one model with one kind of adapter. */
export interface Agreement {
  readonly correlation: number;
  /** |p - exact| / |exact| over all directions. */
  readonly relativeError: number;
  readonly directions: number;
}

/**
 * Computes correlation and relative error of projected gradients p against the exact ones.
 * @example agreement([1, 2, 4], [1, 2, 3]).relativeError.toFixed(3) // "0.267", 1 / sqrt(14)
 * @throws when they are not equally many, or fewer than two
 */
export function agreement(got: readonly number[], exact: readonly number[]): Agreement {
  sameLength("projected gradients", got.length, exact.length);
  if (got.length < 2) fail("projected gradients", "at least two directions", got.length);
  const centred = (values: readonly number[]): readonly number[] => values.map((value) => value - mean(values));
  const dot = (x: readonly number[], y: readonly number[]): number => x.reduce((sum, a, i) => sum + a * y[i]!, 0);
  const [x, y] = [centred(got), centred(exact)];
  const difference = got.map((value, i) => value - exact[i]!);
  return {
    correlation: dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y)),
    relativeError: Math.sqrt(dot(difference, difference) / dot(exact, exact)),
    directions: got.length,
  };
}

import { fail, finiteNumber, positiveInteger } from "../check/check";

/** Mean and spread of one quantity over runs. */
export interface Spread {
  readonly kind: "spread";
  readonly mean: number;
  /** Sample standard deviation (n - 1 below); null for a single value. */
  readonly standardDeviation: number | null;
  readonly count: number;
}

/**
 * Computes the mean and sample standard deviation, m = sum x / n, s^2 = sum (x - m)^2 / (n - 1).
 * @example spread([1, 3]) // { kind: "spread", mean: 2, standardDeviation: 1.4142135623730951, count: 2 }
 * @throws when there is no value, or one is not finite
 */
export function spread(values: readonly number[]): Spread {
  if (values.length === 0) fail("values", "at least one value", values);
  values.forEach((value, i) => finiteNumber(`values[${i}]`, value));
  const count = values.length;
  const mean = values.reduce((sum, x) => sum + x, 0) / count;
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { kind: "spread", mean, standardDeviation: count === 1 ? null : Math.sqrt(squares / (count - 1)), count };
}

/**
 * Gives one's number less another's at each seed that both have, in the order of the first.
 * @example pairedValues(new Map([[0, 1], [1, 2]]), new Map([[1, 4]])) // [-2]
 */
export function pairedValues(own: ReadonlyMap<number, number>, others: ReadonlyMap<number, number>): readonly number[] {
  return [...own].flatMap(([seed, value]) => {
    const theirs = others.get(seed);
    return theirs === undefined ? [] : [value - theirs];
  });
}

/**
 * A 95 % confidence interval: of a mean by Student's t, which assumes independent, roughly normal values, or of a share by Wilson's score,
 * which assumes independent texts.
 */
export interface Interval {
  readonly method: "t interval, 95 %" | "Wilson interval, 95 %";
  readonly low: number;
  readonly high: number;
}

/**
 * Computes m +- t(0.975, n - 1) s / sqrt(n).
 * @example tInterval95([1, 2, 3]) // { low: -0.484, high: 4.484, ... }: 2 +- 4.303 / sqrt(3)
 * @throws for fewer than two values
 */
export function tInterval95(values: readonly number[]): Interval {
  const { mean, standardDeviation, count } = spread(values);
  if (standardDeviation === null) return fail("values", "at least two values for an interval", values);
  const half = (tCritical95(count - 1) * standardDeviation) / Math.sqrt(count);
  return { method: "t interval, 95 %", low: mean - half, high: mean + half };
}

/**
 * Gives the interval of a share p = right / n by Wilson's score, with z = 1.96: (p + z^2 / 2n +- z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n).
 * It stays within 0 and 1 and has a width at p = 0 and p = 1 too.
 * @param share right ones of all, from 0 to 1
 * @example wilson95(25 / 30, 30) // { low: 0.664, high: 0.927, ... }
 * @throws when the share is none, or there are no texts
 * Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927) 209-212.
 */
export function wilson95(share: number, count: number): Interval {
  if (!(share >= 0 && share <= 1)) fail("share", "a number from 0 to 1", share);
  positiveInteger("count", count);
  const z = 1.959963984540054;
  const middle = share + (z * z) / (2 * count);
  const half = z * Math.sqrt((share * (1 - share)) / count + (z * z) / (4 * count * count));
  const within = (value: number): number => Math.min(1, Math.max(0, value / (1 + (z * z) / count)));
  return { method: "Wilson interval, 95 %", low: within(middle - half), high: within(middle + half) };
}

/**
 * Gives the t with P(|T| > t) = 0.05 for `degrees` degrees of freedom, by bisection on the distribution function.
 * @example tCritical95(4) // 2.776445...
 */
export function tCritical95(degrees: number): number {
  let low = 0;
  let high = 13; // one degree of freedom has the largest, 12.706
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (bothTails(middle, degrees) > 0.05) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * P(|T| > t) for integer degrees n, by the finite sums in theta = atan(t / sqrt(n)).
 * Source: Abramowitz and Stegun, 26.7.3 and 26.7.4.
 */
function bothTails(t: number, degrees: number): number {
  const theta = Math.atan(t / Math.sqrt(degrees));
  const cosine = Math.cos(theta);
  let term = degrees % 2 === 1 ? cosine : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = degrees % 2 === 1 ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= (cosine * cosine * (k - 1)) / k;
    sum += term;
  }
  const inside = degrees % 2 === 1 ? (2 / Math.PI) * (theta + Math.sin(theta) * sum) : Math.sin(theta) * sum;
  return 1 - inside;
}

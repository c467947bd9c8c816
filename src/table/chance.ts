import { fail, nonNegativeInteger, positiveInteger } from "../check/check";

/**
 * Says whether a share of right answers tells nothing: among n texts a constant guess, right with probability g, is right so often or more
 * with a probability above 5 %,
 *     P(X >= right) > 0.05,  X ~ Binomial(n, g)
 * @param right right answers; a mean over runs on the same n texts, rounded
 * @throws when g is not a probability, or more are right than there are
 * @example atChance(31, 51, 0.63) // true: six in ten of 51 reviews, where guessing "bad" is right for 32
 */
export function atChance(right: number, n: number, g: number): boolean {
  positiveInteger("n", n);
  if (nonNegativeInteger("right", right) > n) fail("right", `at most ${n}`, right);
  if (!(g >= 0 && g <= 1)) fail("g", "a probability", g);
  return upperTail(right, n, g) > 0.05;
}

/** P(X >= from) of a binomial, by its terms' logarithms. */
function upperTail(from: number, n: number, g: number): number {
  if (from === 0) return 1;
  if (g === 0 || g === 1) return g;
  let log = n * Math.log(1 - g);
  let total = 0;
  for (let k = 0; k <= n; k++) {
    if (k >= from) total += Math.exp(log);
    log += Math.log((n - k) / (k + 1)) + Math.log(g / (1 - g));
  }
  return total;
}

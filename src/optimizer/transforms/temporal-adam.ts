import { adam, type Adam } from "./adam";
import type { TransformKind } from "../transform";
import { averaged, innerEstimates, writeInner } from "./inner-moments";

/**
 * Adam of directions U diag(tau) V^T, with two numbers for each of a matrix's r:
 *     M <- b1 M + (1 - b1) t,  S <- b2 S + (1 - b2) t^2,  t = sum_q w_q tau_q
 *     m = U diag(M) V^T,  v = U^2 diag(S) (V^2)^T (squares entry by entry),  g = (m / (1 - b1^n)) / (sqrt(v / (1 - b2^n)) + epsilon)
 * v leaves out the products of two different tau, whose mean is 0. A vector has Adam's own moments.
 * Source: TeZO-Adam, arXiv 2501.19057, of which a secondary text says that moments are those of tau; its second moment was not found, this one
 *   is ours, with Adam's constants.
 */
export const temporalAdam: TransformKind<Adam> = {
  check: (what, spec) => adam.check(what, spec),
  keeps: ["both"],
  form({ firstDecay, secondDecay, epsilon }, here, weighted, gradient) {
    const inner = innerEstimates("temporal-adam", weighted);
    const first = averaged(here, "first", firstDecay, inner, (estimate) => estimate);
    const second = averaged(here, "second", secondDecay, inner, (estimate) => estimate ** 2);
    const [firstBias, secondBias] = [1 - firstDecay ** here.count, 1 - secondDecay ** here.count];
    for (const each of inner)
      writeInner(
        gradient,
        each,
        [first, second],
        (numbers) => numbers(0, 1) / firstBias / (Math.sqrt(numbers(1, 2) / secondBias) + epsilon),
      );
    return { first, second };
  },
};

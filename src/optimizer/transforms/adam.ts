import { numberBelowOne, positiveNumber } from "../../check/check";
import type { TransformKind } from "../transform";

/** What Adam is set by. */
export interface Adam {
  /** beta_1 and beta_2, usually 0.9 and 0.999. */
  readonly firstDecay: number;
  readonly secondDecay: number;
  /** Usually 1e-8. */
  readonly epsilon: number;
}

/**
 * Adam's normalisation:
 *     m <- b1 m + (1 - b1) g,  v <- b2 v + (1 - b2) g^2
 *     g <- (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)
 * m [d] and v [d] are rounded to float32 as they are stored; the rest is float64.
 * Source: Kingma and Ba, arXiv 1412.6980, in the form of torch.optim.Adam.
 */
export const adam: TransformKind<Adam> = {
  check(what, spec) {
    for (const name of ["firstDecay", "secondDecay"] as const) numberBelowOne(`${what}.${name}`, spec[name]);
    positiveNumber(`${what}.epsilon`, spec.epsilon);
  },
  vectors: (_spec, { size }) => ({ first: size, second: size }),
  open({ firstDecay, secondDecay, epsilon }, { count, state, next }) {
    const { first, second } = state.vectors;
    const { first: nextFirst, second: nextSecond } = next;
    const [firstBias, secondBias] = [1 - firstDecay ** count, 1 - secondDecay ** count];
    return ({ begin, update }) => {
      for (let k = 0, i = begin; k < update.length; k++, i++) {
        nextFirst[i] = firstDecay * first[i] + (1 - firstDecay) * update[k];
        nextSecond[i] = secondDecay * second[i] + (1 - secondDecay) * update[k] ** 2;
        update[k] = nextFirst[i] / firstBias / (Math.sqrt(nextSecond[i] / secondBias) + epsilon);
      }
    };
  },
};

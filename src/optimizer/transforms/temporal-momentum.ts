import type { TransformKind } from "../transform";
import { averaged, innerEstimates, writeInner } from "./inner-moments";
import { checkDecay, type Momentum } from "./momentum";

/**
 * Momentum of directions U diag(tau) V^T, kept in r numbers a matrix: M <- b M + (1 - b) sum_q w_q tau_q, g = U diag(M) V^T. A vector has
 * the same number by number.
 * Source: TeZO-m, arXiv 2501.19057, of which a secondary text says that moments are those of tau; the average's form, Adam's, is ours.
 */
export const temporalMomentum: TransformKind<Momentum> = {
  check: (what, { decay }) => checkDecay(what, decay),
  keeps: ["both"],
  form({ decay }, here, weighted, gradient) {
    const inner = innerEstimates("temporal-momentum", weighted);
    const mean = averaged(here, "mean", decay, inner, (estimate) => estimate);
    for (const each of inner) writeInner(gradient, each, [mean], (numbers) => numbers(0, 1));
    return { mean };
  },
};

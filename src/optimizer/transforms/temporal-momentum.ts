import type { TransformKind } from "../transform";
import type { Layout } from "../../tree/layout";
import { averaged, innerEstimates, writeInner, type Inner } from "./inner-moments";
import { checkDecay, type Momentum } from "./momentum";
import { offsetOf, writeOuter } from "./outer-parts";

/**
 * Momentum of directions U diag(tau) V^T, kept in r numbers a matrix: M <- b M + (1 - b) sum_q w_q tau_q, g = U diag(M) V^T. A vector has
 * the same number by number.
 * Source: TeZO-m, arXiv 2501.19057, of which a secondary text says that moments are those of tau; the average's form, Adam's, is ours.
 */
export const temporalMomentum: TransformKind<Momentum> = {
  check: (what, { decay }) => checkDecay(what, decay),
  keeps: ["both"],
  unformed: true,
  form({ decay }, here, weighted, gradient) {
    const inner = innerEstimates("temporal-momentum", weighted);
    const mean = averaged(here, "mean", decay, inner, (estimate) => estimate);
    if (here.layout.factors === undefined)
      for (const each of inner) writeInner(gradient, each, [mean], (numbers) => numbers(0, 1));
    else writeFactors(gradient.fill(0), here.layout, inner, mean);
    return { mean };
  },
};

/** U diag(M) of each matrix in place of its left factor, M of each vector. */
function writeFactors(gradient: Float32Array, layout: Layout, inner: readonly Inner[], mean: Float32Array): void {
  inner.forEach(({ part, at, estimate }, tensor) => {
    if (part.kind === "dense") gradient.set(mean.subarray(at, at + estimate.length), offsetOf(layout, tensor, part));
    else {
      const left = part.inner!.basis.map((value, i) => value * mean[at + (i % part.rank)]);
      writeOuter(gradient, layout, tensor, part, "left", left);
    }
  });
}

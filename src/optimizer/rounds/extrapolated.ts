import { heldNumber, perturbation } from "../../check/check";
import { readPast, writtenPast } from "../past";
import type { RoundsKind, Term } from "./round";

/** What extrapolated steps are set by. */
export interface Extrapolated {
  /** epsilon. */
  readonly perturbationScale: number;
  /** How far a query's centre is moved, as a share of the learning rate. */
  readonly reach: number;
}

/**
 * Measures each query where its own last gradient leads, and moves from theta:
 *     c_q = theta - reach lr p'_q z'_q,  p_q = (L(c_q + epsilon z_q) - L(c_q - epsilon z_q)) / (2 epsilon),  g = (1/Q) sum_q p_q z_q
 * p' and z' are those of the step before; a query that it did not have is measured at theta. 2 Q forward passes. The step's loss is their mean.
 * What it carries: the last step's p, in float32.
 * Source: extrapolated SGD, arXiv 2006.05720, by its abstract and a summary (each of K workers goes along its own last gradient). Departs: its
 *   gradients are exact; queries in place of workers, and the reach, are ours.
 */
export const extrapolated: RoundsKind<Extrapolated> = {
  check(what, { perturbationScale, reach }) {
    perturbation(`${what}.perturbationScale`, perturbationScale);
    heldNumber(`${what}.reach`, reach);
  },
  passes: () => ({ once: 0, perQuery: 2 }),
  again: true,
  *run({ perturbationScale: epsilon, reach }, { queries, learningRate, step, carried }) {
    const [last] = readPast(carried["past"]);
    const all = Array.from({ length: queries }, (_, query) => query);
    const centre = (query: number): readonly Term[] =>
      last?.numbers[query] === undefined
        ? []
        : [{ by: -reach * learningRate * last.numbers[query], query, step: last.step }];
    const losses = yield all.flatMap((query) => [epsilon, -epsilon].map((by) => [...centre(query), { by, query }]));
    const projectedGradients = all.map((query) => (losses[2 * query] - losses[2 * query + 1]) / (2 * epsilon));
    return {
      projectedGradients,
      weights: projectedGradients.map((p) => p / queries),
      loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
      carried: { past: writtenPast([{ step, numbers: projectedGradients }]) },
    };
  },
};

import { perturbation } from "../../check/check";
import type { RoundsKind, Term } from "./round";

/** What steps in turn are set by. */
export interface InTurn {
  /** epsilon. */
  readonly perturbationScale: number;
}

/**
 * Moves along one query's direction before the next one is measured: each is measured two-sided where the ones before have led, and moved in full.
 *     p_q = (L(theta_q + epsilon z_q) - L(theta_q - epsilon z_q)) / (2 epsilon),  theta_(q + 1) = theta_q - lr p_q z_q
 * 2 Q forward passes. The step's loss is the mean of all of them.
 * Source: ZO-Bench/ZO-LLM@bf210fa, module-wise steps that are taken at once.
 */
export const inTurn: RoundsKind<InTurn> = {
  check: (what, { perturbationScale }) => void perturbation(`${what}.perturbationScale`, perturbationScale),
  passes: () => ({ once: 0, perQuery: 2 }),
  *run({ perturbationScale: epsilon }, { queries, learningRate }) {
    const moved: Term[] = [];
    const projectedGradients: number[] = [];
    let sum = 0;
    for (let query = 0; query < queries; query++) {
      const [ahead, back] = yield [epsilon, -epsilon].map((by) => [...moved, { by, query }]);
      const p = (ahead - back) / (2 * epsilon);
      projectedGradients.push(p);
      moved.push({ by: -learningRate * p, query });
      sum += ahead + back;
    }
    return { projectedGradients, weights: projectedGradients, loss: sum / (2 * queries) };
  },
};

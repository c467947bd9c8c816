import { positiveNumber } from "../../check/check";
import type { RoundsKind } from "./round";

/** What a population is set by. */
export interface Population {
  /** sigma: how far its members are from theta. */
  readonly perturbationScale: number;
}

/**
 * A population of N = 2 Q members theta +- sigma z_q, each fit by how far its loss is below the mean of all of them:
 *     f = (mean - L) / sqrt(var + 1e-5),  g = -(1 / sqrt(N)) sum_q (f_q+ - f_q-) z_q
 * The variance is over all members, 1 / N. 2 Q forward passes. The step's loss is the mean.
 * Source: EGGROLL, arXiv 2511.16652; ESHyperscale/HyperscaleES@b77f7d6, whose rate is this one over sigma.
 */
export const population: RoundsKind<Population> = {
  check: (what, { perturbationScale }) => void positiveNumber(`${what}.perturbationScale`, perturbationScale),
  passes: () => ({ once: 0, perQuery: 2 }),
  apart: true,
  *run({ perturbationScale: sigma }, { queries }) {
    const losses: number[] = [];
    for (let query = 0; query < queries; query++)
      losses.push(...(yield [[{ by: sigma, query }], [{ by: -sigma, query }]]));
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    const variance = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / losses.length;
    const differences = Array.from({ length: queries }, (_, query) => losses[2 * query] - losses[2 * query + 1]);
    const by = Math.sqrt(losses.length) * Math.sqrt(variance + 1e-5);
    return {
      projectedGradients: differences.map((difference) => difference / (2 * sigma)),
      weights: differences.map((difference) => difference / by),
      loss: mean,
    };
  },
};

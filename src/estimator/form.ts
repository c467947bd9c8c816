import { fail } from "../check/check";
import { weightsOf, type CombineSpec } from "./combine";
import type { Draw } from "./direction";
import { plainHere } from "./direction";
import { beginDirections, openDirections, type DirectionSpec } from "./directions";
import { createWorkspace, type Workspace } from "./workspace";

/** Everything a gradient estimate is made of: a run's record of one step. */
export interface RecordedQueries {
  readonly seed: number;
  readonly step: number;
  /** One for each query, in order. */
  readonly projectedGradients: readonly number[];
}

const MEAN: CombineSpec = { kind: "mean" };

/**
 * Gives the gradient estimate of recorded queries, rebuilt from the seed: g = (1/Q) sum_q p_q z_q, with the same bits as in the run.
 * For example `gradientOf({ kind: "gaussian" }, { seed: 0, step: 5, projectedGradients: [0.3, -0.1] }, 1000)`.
 * @param directions the distribution that the run drew from, of a vector that is one tensor
 * @param workspace memory to reuse; the gradient is then in `workspace.gradient`. Default: new memory
 * @returns g [size]
 * @throws when there is no projected gradient
 * Source: MeZO, arXiv 2305.17333, section 2 (the seed trick); yifanycc/AdaZeta@3659ba3 (the average over queries).
 */
export function gradientOf(
  directions: DirectionSpec,
  { seed, step, projectedGradients }: RecordedQueries,
  size: number,
  workspace: Workspace = createWorkspace(size),
): Float32Array {
  const draw = openDirections(directions, beginDirections(directions, plainHere(seed, step, size)));
  return formInto(workspace, weightsOf(MEAN, someQueries(projectedGradients)), draw);
}

/** Gives recorded projected gradients. @throws when there are none */
export function someQueries(projectedGradients: readonly number[]): readonly number[] {
  return projectedGradients.length > 0
    ? projectedGradients
    : fail("projectedGradients", "at least one query", projectedGradients);
}

/** workspace.gradient <- sum_q w_q z_q, in the order of the queries: the bits of a sum that was made while the engine worked. */
export function formInto(workspace: Workspace, weights: readonly number[], draw: Draw): Float32Array {
  const gradient = workspace.gradient.fill(0);
  weights.forEach((weight, query) => draw(query, () => workspace.buffer(0)).addInPlace(gradient, weight));
  return gradient;
}

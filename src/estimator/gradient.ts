import { fail } from "../check/check";
import type { Direction } from "./direction";
import { openDirections, type DirectionSpec } from "./directions";
import { createWorkspace, type Workspace } from "./workspace";

/** Everything a gradient estimate is made of: a run's record of one step. */
export interface RecordedQueries {
  readonly seed: number;
  readonly step: number;
  /** One for each query, in order. */
  readonly projectedGradients: readonly number[];
}

/**
 * Gives the gradient estimate of recorded queries, rebuilt from the seed: g = (1/Q) sum_q p_q z_q, with the same bits as in the run.
 * For example `gradientOf({ kind: "gaussian" }, { seed: 0, step: 5, projectedGradients: [0.3, -0.1] }, 1000)`.
 * @param directions the distribution that the run drew from
 * @param workspace memory to reuse; the gradient is then in `workspace.gradient`. Default: new memory
 * @returns g [size]
 * @throws when there is no projected gradient
 * Source: MeZO, arXiv 2305.17333, section 2 (the seed trick); yifanycc/AdaZeta@3659ba3 (the average over queries).
 */
export function gradientOf(
  directions: DirectionSpec,
  recorded: RecordedQueries,
  size: number,
  workspace: Workspace = createWorkspace(size),
): Float32Array {
  const { seed, step, projectedGradients } = recorded;
  if (projectedGradients.length === 0) fail("projectedGradients", "at least one query", projectedGradients);
  const gradient = workspace.gradient.fill(0);
  const draw = openDirections(directions, { seed, step, size });
  projectedGradients.forEach((projectedGradient, query) => {
    const z = draw(query, () => workspace.buffer(0));
    addQueryInPlace(gradient, projectedGradient, projectedGradients.length, z);
  });
  return gradient;
}

/** gradient <- gradient + (p / Q) z. The one place where a gradient is summed, in a run and in its replay. */
export function addQueryInPlace(
  gradient: Float32Array,
  projectedGradient: number,
  queries: number,
  z: Direction,
): void {
  z.addInPlace(gradient, projectedGradient / queries);
}

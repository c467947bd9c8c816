import { nonNegativeInteger, positiveInteger, sameLength } from "../check/check";
import { plainHere } from "./direction";
import { beginDirections, checkDirections, openDirections, type DirectionSpec } from "./directions";
import type { Objective } from "./objective";
import type { Estimate } from "./probe";
import { checkProbe, probeKind, type ProbeSpec } from "./probes";
import { createWorkspace, type Workspace } from "./workspace";

/** Which step, with how many queries, on which batch: all queries of a step see the same batch. */
export interface Queries<Batch> {
  readonly seed: number;
  readonly step: number;
  readonly queries: number;
  readonly directions: DirectionSpec;
  readonly batch: Batch;
}

/**
 * Estimates the gradient at a point, of a vector that is one tensor; afterwards `workspace.gradient` holds g = (1/Q) sum_q p_q z_q, with
 * the bits that `gradientOf` gives. The point is only read. Numbers that are not finite are handed on: see `isFiniteEstimate` below.
 * For example `await estimate({ kind: "two-sided", perturbationScale: 1e-3, chunk: 1 }, objective, point, { seed: 0, step: 0, queries: 4, directions: { kind: "gaussian" }, batch })`: { projectedGradients: [..4 numbers], loss, forwardPasses: 8 }.
 * @throws when the specification or a count is out of range, or the objective returns a wrong number of losses
 */
export async function estimate<Batch>(
  spec: ProbeSpec,
  objective: Objective<Batch>,
  point: Float32Array,
  { seed, step, queries, directions, batch }: Queries<Batch>,
  workspace: Workspace = createWorkspace(point.length),
): Promise<Estimate> {
  checkProbe("probe", spec);
  checkDirections("directions", directions);
  nonNegativeInteger("step", step);
  positiveInteger("queries", queries);
  sameLength("point", point.length, workspace.size);
  const draw = openDirections(directions, beginDirections(directions, plainHere(seed, step, point.length, point)));
  const at = { seed, step, learningRate: 0, carried: {} };
  const asked = { queries, draw, batch, weightOf: (p: number) => p / queries, at };
  return probeKind("probe", spec).measure(spec, objective, point, asked, workspace);
}

/** Says whether loss and measured numbers are finite; a run whose estimate is not has diverged and must stop. */
export function isFiniteEstimate({
  loss,
  projectedGradients,
  further = [],
  gradientNorm = 0,
}: Pick<Estimate, "loss" | "projectedGradients" | "further" | "gradientNorm">): boolean {
  return [loss, gradientNorm, ...projectedGradients, ...further].every(Number.isFinite);
}

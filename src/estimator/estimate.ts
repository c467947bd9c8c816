import { fail, nonNegativeInteger, positiveInteger, sameLength } from "../check/check";
import { kindsInWords, type SpecIn } from "../check/kinds";
import type { PassKind } from "../schedule/forward-passes";
import { backpropagationKind } from "./backpropagation";
import { directionalKind } from "./directional";
import { checkDirections, openDirections, type DirectionSpec } from "./directions";
import type { Estimate, EstimatorKind } from "./estimator";
import type { Objective } from "./objective";
import { ownKind } from "./own";
import { twoSidedKind } from "./two-sided";
import { createWorkspace, type Workspace } from "./workspace";

/** The kinds of estimators by name. */
export const estimatorKinds = {
  "two-sided": twoSidedKind,
  directional: directionalKind,
  backpropagation: backpropagationKind,
  own: ownKind,
} as const;

/** How a gradient is estimated from losses, as plain data (an own one carries its function beside it). */
export type EstimatorSpec = SpecIn<typeof estimatorKinds>;

/** Which step, with how many queries, on which batch: all queries of a step see the same batch. */
export interface Queries<Batch> {
  readonly seed: number;
  readonly step: number;
  readonly queries: number;
  readonly directions: DirectionSpec;
  readonly batch: Batch;
}

/**
 * Estimates the gradient at a point; afterwards `workspace.gradient` holds it, with the bits that `gradientOf` gives.
 * The point is only read. Numbers that are not finite are handed on: see `isFiniteEstimate` below.
 * For example `await estimate({ kind: "two-sided", perturbationScale: 1e-3, chunk: 1 }, objective, point, { seed: 0, step: 0, queries: 4, directions: { kind: "gaussian" }, batch })`: { projectedGradients: [..4 numbers], loss, forwardPasses: 8 }.
 * @throws when the specification or a count is out of range, or the objective returns a wrong number of losses
 */
export async function estimate<Batch>(
  spec: EstimatorSpec,
  objective: Objective<Batch>,
  point: Float32Array,
  { seed, step, queries, directions, batch }: Queries<Batch>,
  workspace: Workspace = createWorkspace(point.length),
): Promise<Estimate> {
  checkEstimator("estimator", spec);
  checkDirections("directions", directions);
  nonNegativeInteger("step", step);
  positiveInteger("queries", queries);
  sameLength("point", point.length, workspace.size);
  const draw = openDirections(directions, { seed, step, size: workspace.size });
  return kindOf("estimator", spec).estimate(spec, objective, point, { queries, draw, batch }, workspace);
}

/** Says whether loss and projected gradients are finite numbers; a run whose estimate is not has diverged and must stop. */
export function isFiniteEstimate({
  loss,
  projectedGradients,
  gradientNorm = 0,
}: Pick<Estimate, "loss" | "projectedGradients" | "gradientNorm">): boolean {
  return Number.isFinite(loss) && projectedGradients.every(Number.isFinite) && Number.isFinite(gradientNorm);
}

/** Says how an estimator's steps are paid for. */
export function passKindOf(spec: EstimatorSpec): PassKind {
  return kindOf("estimator", spec).passKind(spec);
}

/** Checks a specification that came from outside. @throws naming the field */
export function checkEstimator(what: string, spec: EstimatorSpec): EstimatorSpec {
  kindOf(what, spec).check(what, spec);
  return spec;
}

function kindOf(what: string, spec: EstimatorSpec): EstimatorKind<EstimatorSpec> {
  if (!Object.hasOwn(estimatorKinds, spec.kind)) fail(`${what}.kind`, kindsInWords(estimatorKinds), spec.kind);
  return estimatorKinds[spec.kind] as EstimatorKind<EstimatorSpec>;
}

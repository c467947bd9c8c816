import { fail, nonNegativeInteger, positiveInteger, positiveNumber, sameLength, unreachable } from "../check/check";
import { checkDirections, type DirectionSpec } from "./direction";
import { backpropagation, type Backpropagation } from "./backpropagation";
import { directional, type Directional } from "./directional";
import type { Objective } from "./objective";
import { checkOwn, own, type Own } from "./own";
import type { PassKind } from "../schedule/forward-passes";
import { twoSided, type TwoSided } from "./two-sided";
import { createWorkspace, type Workspace } from "./workspace";

/** How a gradient is estimated from losses, as plain data (an own one carries its function beside it). */
export type EstimatorSpec = TwoSided | Directional | Backpropagation | Own;

/** Which step, with how many queries, on which batch: all queries of a step see the same batch. */
export interface Queries<Batch> {
  readonly seed: number;
  readonly step: number;
  readonly queries: number;
  readonly directions: DirectionSpec;
  readonly batch: Batch;
}

/** What an estimate leaves behind: plain numbers, from which `gradientOf` rebuilds the gradient. */
export interface Estimate {
  /** p_q, one for each query, in order. */
  readonly projectedGradients: readonly number[];
  /** Two-sided: the mean of the 2 Q losses. Directional: the loss at the point. In nats. */
  readonly loss: number;
  /** Forward passes spent: 2 Q two-sided; directional 1 + Q for each call of the engine with Q directions. */
  readonly forwardPasses: number;
  /** How many of the forward passes carried a tangent; absent when none did. */
  readonly directionalPasses?: number;
  /** Backward passes, which forward passes do not include; absent when there were none. */
  readonly backwardPasses?: number;
  /** |g| of an exact gradient, which projected gradients do not give. */
  readonly gradientNorm?: number;
}

/**
 * Estimates the gradient at a point; afterwards `workspace.gradient` holds it, with the bits that `gradientOf` gives.
 * The point is only read. Numbers that are not finite are handed on: see `isFinite` below.
 * @throws when the specification or a count is out of range, or the objective returns a wrong number of losses
 * @example await estimate({ kind: "two-sided", perturbationScale: 1e-3, chunk: 1 }, objective, point,
 *   { seed: 0, step: 0, queries: 4, directions: { kind: "gaussian" }, batch }) // { projectedGradients: [..4 numbers], loss, forwardPasses: 8 }
 */
export async function estimate<Batch>(
  spec: EstimatorSpec,
  objective: Objective<Batch>,
  point: Float32Array,
  queries: Queries<Batch>,
  workspace: Workspace = createWorkspace(point.length),
): Promise<Estimate> {
  checkEstimator("estimator", spec);
  checkDirections("directions", queries.directions);
  nonNegativeInteger("step", queries.step);
  positiveInteger("queries", queries.queries);
  sameLength("point", point.length, workspace.size);
  switch (spec.kind) {
    case "two-sided":
      return twoSided(spec, objective, point, queries, workspace);
    case "directional":
      return directional(spec, objective, point, queries, workspace);
    case "backpropagation":
      return backpropagation(objective, point, queries.batch, workspace);
    case "own":
      return own(spec, objective, point, queries, workspace);
    default:
      return unreachable(spec);
  }
}

/** Whether loss and projected gradients are finite numbers; a run whose estimate is not has diverged and must stop. */
export function isFiniteEstimate({
  loss,
  projectedGradients,
  gradientNorm = 0,
}: Pick<Estimate, "loss" | "projectedGradients" | "gradientNorm">): boolean {
  return Number.isFinite(loss) && projectedGradients.every(Number.isFinite) && Number.isFinite(gradientNorm);
}

/** How an estimator's steps are paid for. */
export function passKindOf(spec: EstimatorSpec): PassKind {
  return spec.kind === "own" ? spec.passes : spec.kind;
}

/** Checks a specification that came from outside. @throws naming the field */
export function checkEstimator(what: string, spec: EstimatorSpec): EstimatorSpec {
  switch (spec.kind) {
    case "two-sided":
      positiveNumber(`${what}.perturbationScale`, spec.perturbationScale);
      positiveInteger(`${what}.chunk`, spec.chunk);
      return spec;
    case "directional":
      if (spec.chunk !== null) positiveInteger(`${what}.chunk`, spec.chunk);
      return spec;
    case "backpropagation":
      return spec;
    case "own":
      return checkOwn(what, spec);
    default:
      return fail(
        `${what}.kind`,
        '"two-sided", "directional", "backpropagation" or "own"',
        (spec as { kind: unknown }).kind,
      );
  }
}

import { fail, numberBelowOne } from "../../check/check";
import type { State } from "../../estimator/state";
import type { TransformKind } from "../transform";

/** A running mean of the points that a run comes to. */
export interface Accumulation {
  /** m, from 0 to below 1. */
  readonly momentum: number;
}

/**
 * Carries a mean of points beside the run: w~ <- m w~ + (1 - m) w after every step, whatever the chain does, from the starting point and without a
 * correction for it. It moves nothing; the mean is scored when the run has ended, and taken along as its averaged point.
 * Source: accumulation of R-Adapter, arXiv 2408.05749 (m = 0.999); tjddus9597/R-Adapter-ECCV2024 at 9680117.
 */
export const accumulation: TransformKind<Accumulation> = {
  check(what, { momentum }) {
    numberBelowOne(`${what}.momentum`, momentum);
  },
  vectors: (_spec, { size }) => ({ mean: size }),
  follow({ momentum }, { count, point: from, state, next }, point) {
    const before = count === 1 ? from : (state.vectors["mean"] ?? from);
    const mean = next["mean"] ?? fail("accumulation", "room for the mean", "none");
    for (let i = 0; i < mean.length; i++) mean[i] = momentum * before[i]! + (1 - momentum) * point[i]!;
  },
};

/** Gives the running mean of points that a state carries [d]; null where its method carries none. */
export function accumulatedPoint(state: State | undefined): Float32Array | null {
  return state?.vectors["accumulation.mean"] ?? null;
}

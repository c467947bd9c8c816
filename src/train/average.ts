import { fail, sameLength } from "../check/check";
import type { Method } from "../optimizer/method";
import { accumulatedPoint } from "../optimizer/transforms/accumulation";
import type { Layout } from "../tree/layout";
import { sharedVector } from "../tree/vector";
import type { EvaluationRecord } from "./records";
import { walk } from "./replay";
import type { Trajectory } from "./trajectory";

/**
 * Gives the evaluations whose points are averaged: the last so many after the start that have a finite loss, in order.
 * @example averagedEvaluations([{ step: 0, loss: 2 }, { step: 5, loss: 1 }, { step: 9, loss: NaN }], 3).map((e) => e.step) // [5]
 */
export function averagedEvaluations<E extends Pick<EvaluationRecord, "step" | "loss">>(
  evaluations: readonly E[],
  last: number,
): readonly E[] {
  if (last === 0) return [];
  return evaluations.filter(({ step, loss }) => step > 0 && Number.isFinite(loss)).slice(-last);
}

/**
 * Gives the mean of points [d], summed in float64 in their order.
 * @throws when there is none, or their lengths differ
 * @example meanPoint([Float32Array.of(1, 2), Float32Array.of(2, 4)]) // [1.5, 3]
 */
export function meanPoint(points: readonly Float32Array[]): Float32Array {
  const [first] = points;
  if (first === undefined) return fail("points", "at least one point", "none");
  for (const point of points) sameLength("point", point.length, first.length);
  const mean = sharedVector(first.length);
  for (let i = 0; i < mean.length; i++) {
    let sum = 0;
    for (const point of points) sum += point[i]!;
    mean[i] = sum / points.length;
  }
  return mean;
}

/**
 * Gives the averaged point of a recorded run again, walked from its scalars with no forward pass: the same bits as in the run.
 * For example `averagedPoint(readTrajectory(run.kept.path)!, adapter.initial(seed), adapter.layout)`.
 * @param method as for `replay`
 * @throws when the run has no average, or as `replay`
 */
export function averagedPoint(
  trajectory: Trajectory,
  start: Float32Array,
  layout: Layout,
  method?: Method,
): Float32Array {
  const { steps, momentum } =
    trajectory.average ?? fail("trajectory", "a run with averageLast or accumulation that has ended", "no average");
  const points: Float32Array[] = [];
  for (const { step, point, state } of walk(trajectory, { step: 0, point: start }, layout, method))
    if (steps.includes(step))
      points.push((momentum === undefined ? point : (accumulatedPoint(state) ?? point)).slice());
  return meanPoint(points);
}

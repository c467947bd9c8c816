import { fail, positiveNumber } from "../check/check";
import { checkMethod } from "../optimizer/method";
import type { Method } from "../optimizer/method";
import type { Schedule } from "../schedule/schedule";

/** What may be changed while a run goes; what is absent stays as the settings have it. */
export interface MethodChange {
  readonly learningRate?: Schedule;
  readonly queries?: Schedule;
  /** epsilon of a two-sided estimator. */
  readonly perturbationScale?: number;
}

/**
 * Gives the method with a change.
 * @throws when a value is out of range, or the estimator has no perturbation scale
 * @example changedMethod(mezo(), { perturbationScale: 1e-2 }).estimator // { kind: "two-sided", perturbationScale: 0.01, chunk: 1 }
 */
export function changedMethod(method: Method, change: MethodChange): Method {
  const { learningRate = method.learningRate, queries = method.queries, perturbationScale } = change;
  let { estimator } = method;
  if (perturbationScale !== undefined) {
    if (estimator.kind !== "two-sided")
      return fail("change.perturbationScale", "a two-sided estimator, which has one", estimator.kind);
    estimator = { ...estimator, perturbationScale: positiveNumber("change.perturbationScale", perturbationScale) };
  }
  return checkMethod({ ...method, estimator, learningRate, queries });
}

import { fail, perturbation } from "../check/check";
import { checkMethod } from "../optimizer/method";
import type { Method } from "../optimizer/method";
import type { Schedule } from "../schedule/schedule";

/** What may be changed while a run goes; what is absent stays as the settings have it. */
export interface MethodChange {
  readonly learningRate?: Schedule;
  readonly queries?: Schedule;
  /** epsilon of a probe along a line. */
  readonly perturbationScale?: number;
}

/** The part of a method that has a perturbation scale, with another one. */
function scaled({ probe, rounds }: Method, perturbationScale: number | undefined): Pick<Method, "probe" | "rounds"> {
  if (perturbationScale === undefined) return {};
  perturbation("change.perturbationScale", perturbationScale);
  if (probe !== undefined && "perturbationScale" in probe) return { probe: { ...probe, perturbationScale } };
  if (rounds !== undefined && "perturbationScale" in rounds) return { rounds: { ...rounds, perturbationScale } };
  return fail("change.perturbationScale", "a probe of losses along a line, which has one", (probe ?? rounds)?.kind);
}

/**
 * Gives the method with a change.
 * @throws when a value is out of range, or the method has no perturbation scale
 * @example changedMethod(mezo(), { perturbationScale: 1e-2 }).probe // { kind: "two-sided", perturbationScale: 0.01, chunk: 1 }
 */
export function changedMethod(method: Method, change: MethodChange): Method {
  const { learningRate = method.learningRate, queries = method.queries, perturbationScale } = change;
  return checkMethod({ ...method, ...scaled(method, perturbationScale), learningRate, queries });
}

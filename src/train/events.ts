import { unreachable } from "../check/check";
import type { State } from "../estimator/state";
import type { AverageRecord, ChangeRecord, EndRecord, EvaluationRecord, StepRecord } from "./records";
import type { TrainingHistory } from "./run-history";

/** What a run tells while it goes. */
export type TrainEvent =
  /** Once, first. A resumed run brings what was recorded before. */
  | ({ readonly kind: "start" } & Omit<TrainingHistory, "end">)
  /** After each step, with the point it led to [d] (read it, do not write to it; its memory is used again two steps later, unless it is the best one by then) and what the method carries on. */
  | { readonly kind: "step"; readonly record: StepRecord; readonly point: Float32Array; readonly state: State }
  | { readonly kind: "evaluation"; readonly record: EvaluationRecord; readonly isBest: boolean }
  /** Once, before the end, where the mean of the last points is scored. */
  | { readonly kind: "average"; readonly record: AverageRecord }
  /** Before the first step with another learning rate, schedule or perturbation scale than the step before. */
  | { readonly kind: "change"; readonly record: ChangeRecord }
  | {
      readonly kind: "warning";
      readonly about:
        "constant-output" | "collapse" | "ascent" | "recovered" | "unchecked" | "sources" | "snapshot" | "change";
      readonly message: string;
    }
  /** Once, last. */
  | { readonly kind: "end"; readonly record: EndRecord; readonly message: string };

/** Writes one sentence on how a run ended, for people. */
export function describeEnd(end: EndRecord): string {
  const at = `step ${end.step} (${end.forwardPasses} forward passes)`;
  switch (end.reason) {
    case "finished":
      return `finished after ${at}`;
    case "stopped":
      return `stopped after ${at}; it can be resumed`;
    case "diverged":
      return `diverged: evaluation loss ${end.loss.toPrecision(4)} is above ${end.limit.toPrecision(4)} at ${at}`;
    case "constant-output":
      return `ended at ${at}: the output is constant, no direction changes the loss any more`;
    case "patience":
      return `ended after ${at}: the last ${end.evaluations} evaluations were no better than the one after step ${end.bestStep}`;
    case "not-finite":
      return (
        `${end.what}: expected a finite number, got ${end.value} ` +
        `${end.what === "evaluation loss" ? "after" : "in"} step ${end.step + (end.what === "evaluation loss" ? 0 : 1)} ` +
        `(${end.forwardPasses} forward passes) with learning rate ${end.learningRate}; ` +
        "the last finite weights are kept: try a smaller learning rate or more queries"
      );
    case "not-recorded":
      return `stopped after ${at} because its record could not be written: ${end.message}`;
    case "not-measured":
      return `stopped after ${at}, which are kept: ${end.message}; it can be resumed`;
    default:
      return unreachable(end);
  }
}

import { fail, unreachable } from "../check/check";
import { armTitle } from "../experiment/arms";
import type { Checkpoint } from "../train/train";
import type { LiveRun } from "./live-runs";

/** Which point of a run is taken along. */
export const CHECKPOINTS = ["best", "last", "average"] as const;
export type WhichCheckpoint = (typeof CHECKPOINTS)[number];

/**
 * Gives the run with another of its points as the one that is scored on test, saved, exported and merged: the best one on dev (as it is), the last
 * one, or the mean of the last evaluated ones (`averageLast`), or of all (`accumulating`).
 * For example `await saveRunAsPeft(problem, checkpointOf(run, "average"), "data/runs/mean")`.
 * @throws when the run has no such point
 */
export function checkpointOf(run: LiveRun, which: WhichCheckpoint): LiveRun {
  const best = chosen(run, which) ?? fail(armTitle(run.arm.name), `a run with ${NEEDS[which]}`, run.result.message);
  return { ...run, result: { ...run.result, best } };
}

const NEEDS: Readonly<Record<WhichCheckpoint, string>> = {
  best: "an evaluation whose loss is finite",
  last: "an evaluation at its last step",
  average: "averageLast or accumulation that has ended",
};

function chosen({ result }: LiveRun, which: WhichCheckpoint): Checkpoint | null {
  const { best, evaluations, average, averagedPoint, point, end } = result;
  const last = evaluations.at(-1);
  switch (which) {
    case "best":
      return best;
    case "last":
      return last?.step === end.step ? { point, evaluation: last } : null;
    case "average": {
      if (average === undefined || averagedPoint === undefined) return null;
      const { steps, loss, accuracy, evaluationPasses, elapsedMs } = average;
      const counts = { step: end.step, forwardPasses: end.forwardPasses, evaluationPasses, elapsedMs };
      return { point: averagedPoint, averaged: steps, evaluation: { kind: "evaluation", loss, accuracy, ...counts } };
    }
    default:
      return unreachable(which);
  }
}

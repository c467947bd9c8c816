import { unreachable } from "../check/check";
import { bestOf } from "./best";
import type { Choosing } from "./best";
import { diverged } from "./diverged";
import type { Ending, EvaluationRecord, StepRecord } from "./records";
import type { StopRule } from "./settings";

/** Says whether a step saw no difference at all: every projected gradient, or the whole gradient, exactly 0. */
export function isConstantOutput(step: StepRecord): boolean {
  const { projectedGradients, gradientNorm } = step;
  return gradientNorm === 0 || (projectedGradients.length > 0 && projectedGradients.every((p) => p === 0));
}

/**
 * Gives the first rule that says stop after what has happened so far; null when none does.
 * @param choosing which evaluation is the best one, whom patience waits for
 */
export function stopBy(
  rules: readonly StopRule[],
  steps: readonly StepRecord[],
  evaluations: readonly EvaluationRecord[],
  choosing: Choosing = {},
): Ending | null {
  for (const rule of rules) {
    switch (rule.kind) {
      case "diverged": {
        const found = diverged(evaluations, rule.margin);
        if (found !== null) return { reason: "diverged", loss: found.loss, limit: found.limit };
        break;
      }
      case "constant-output":
        if (steps.length >= rule.steps && steps.slice(-rule.steps).every(isConstantOutput))
          return { reason: "constant-output" };
        break;
      case "patience": {
        const best = bestOf(evaluations, choosing);
        const since = best === null ? 0 : evaluations.length - 1 - evaluations.indexOf(best);
        if (best !== null && since >= rule.evaluations)
          return { reason: "patience", evaluations: since, bestStep: best.step };
        break;
      }
      default:
        unreachable(rule);
    }
  }
  return null;
}

import type { EvaluationRecord, StepRecord } from "../train/records";
import type { EvaluationNumbers, StepNumbers } from "../train/run-history";
import { significant } from "../train/wire";

/** A number as a record holds it; null where it was not finite (JSON knows no NaN). */
export type RecordedNumber = number | null;

/** The history of a run in columns, rounded to 6 significant digits; steps thinned out when there are many. */
export interface History {
  readonly steps: {
    readonly step: readonly number[];
    readonly forwardPasses: readonly number[];
    readonly queries: readonly number[];
    readonly loss: readonly RecordedNumber[];
    readonly rmsProjectedGradient: readonly RecordedNumber[];
    readonly weightNorm: readonly RecordedNumber[];
  };
  readonly evaluations: readonly KeptEvaluation[];
}

export interface KeptEvaluation extends EvaluationNumbers {
  readonly evaluationPasses: number;
  /** Cross-entropy over the options of a choice; absent where the loss is the only one. */
  readonly optionLoss?: RecordedNumber;
  /** What is trained for in place of the loss, on dev; absent: the loss is. */
  readonly objective?: RecordedNumber;
  /** On a second task that is not trained on; absent: there is none. */
  readonly driftAccuracy?: RecordedNumber;
}

/**
 * Makes a run's history for a record: every evaluation, and at most `most` steps (every k-th and the last).
 * For example `compactHistory(run.steps, run.evaluations).steps.loss`: [1.79176, 1.78012, ...].
 */
export function compactHistory(
  steps: readonly StepRecord[],
  evaluations: readonly EvaluationRecord[],
  most = 2000,
): History {
  const stride = Math.max(1, Math.ceil(steps.length / most));
  const kept = steps.filter((_, i) => (i + 1) % stride === 0 || i === steps.length - 1);
  return {
    steps: {
      step: kept.map((s) => s.step),
      forwardPasses: kept.map((s) => s.forwardPasses),
      queries: kept.map((s) => s.queries),
      loss: kept.map((s) => keep(s.loss)),
      rmsProjectedGradient: kept.map((s) => keep(s.rmsProjectedGradient)),
      weightNorm: kept.map((s) => keep(s.weightNorm)),
    },
    evaluations: evaluations.map(({ step, forwardPasses, evaluationPasses, loss, accuracy, ...more }) => ({
      step,
      forwardPasses,
      evaluationPasses,
      loss: keep(loss),
      accuracy: keep(accuracy),
      ...further(more),
    })),
  };
}

const FURTHER = ["optionLoss", "objective", "driftLoss", "driftAccuracy"] as const;
type Further = (typeof FURTHER)[number];

/** What only some runs measure. */
function further(evaluation: Partial<Pick<EvaluationRecord, Further>>): Partial<Pick<KeptEvaluation, Further>> {
  const measured = FURTHER.flatMap((name) => {
    const value = evaluation[name];
    return value === undefined ? [] : [[name, keep(value)] as const];
  });
  return Object.fromEntries(measured);
}

/** Gives the steps of a history row by row, as tables and figures take them. */
export function stepsOf({ steps }: History): readonly StepNumbers[] {
  return steps.step.map((step, i) => ({
    step,
    forwardPasses: steps.forwardPasses[i],
    queries: steps.queries[i],
    loss: steps.loss[i],
    rmsProjectedGradient: steps.rmsProjectedGradient[i],
    weightNorm: steps.weightNorm[i],
  }));
}

function keep(value: number): RecordedNumber {
  return Number.isFinite(value) ? significant(value, 6) : null;
}

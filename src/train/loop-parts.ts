import { messageOf } from "../check/error-words";
import { NotMeasured } from "../estimator/objective";
import type { StepResult } from "../optimizer/step";
import { norm } from "../tree/vector";
import type { LineSink } from "./line-file";
import { encodeLine } from "./records";
import type { Ending, EvaluationRecord, StepRecord, TrajectoryLine } from "./records";
import type { RunSettings } from "./settings";

/** Says whether dev is evaluated after that many steps: before the first, every `evaluateEvery`, and after the last. */
export function evaluationDue(settings: RunSettings, step: number, done: boolean): boolean {
  return step === 0 || done || (settings.evaluateEvery > 0 && step % settings.evaluateEvery === 0);
}

/** Gives the record of a step that was taken. @param before the one before it, whose backward passes are counted on */
export function stepRecord(
  outcome: StepResult,
  step: number,
  epoch: number,
  forwardPasses: number,
  elapsedMs: number,
  before?: StepRecord,
): StepRecord {
  const { projectedGradients, further, loss, directionalPasses = 0, backwardPasses, gradientNorm } = outcome.estimate;
  const squares = projectedGradients.reduce((sum, p) => sum + p * p, 0);
  return {
    kind: "step",
    step,
    epoch,
    queries: outcome.queries,
    projectedGradients: [...projectedGradients],
    ...(further !== undefined && { further: [...further] }),
    loss,
    learningRate: outcome.learningRate,
    forwardPasses,
    directionalPasses,
    ...(backwardPasses !== undefined && { backwardPasses: (before?.backwardPasses ?? 0) + backwardPasses }),
    ...(gradientNorm !== undefined && { gradientNorm }),
    rmsProjectedGradient: Math.sqrt(squares / Math.max(projectedGradients.length, 1)),
    weightNorm: norm(outcome.point),
    elapsedMs,
  };
}

/**
 * Gives the ending of a run whose step gave a number that is not finite; null when all are.
 * @param tensor names the first trainable tensor whose gradient is not finite; asked only when the gradient's norm is not
 */
export function notFiniteStep(line: StepRecord, tensor: () => string | null = () => null): Ending | null {
  const { learningRate } = line;
  const ending = (what: string, value: number): Ending => ({ reason: "not-finite", what, value, learningRate });
  if (!Number.isFinite(line.loss)) return ending("training loss", line.loss);
  const gradient = line.projectedGradients.find((p) => !Number.isFinite(p));
  if (gradient !== undefined) return ending("projected gradient", gradient);
  const other = line.further?.find((value) => !Number.isFinite(value));
  if (other !== undefined) return ending("further number of the probe", other);
  const { gradientNorm = 0 } = line;
  if (!Number.isFinite(gradientNorm)) {
    const where = tensor();
    return ending(where === null ? "gradient norm" : `gradient norm (first in tensor "${where}")`, gradientNorm);
  }
  return Number.isFinite(line.weightNorm) ? null : ending("weight norm", line.weightNorm);
}

/** Gives the ending of a run whose last evaluation gave a loss that is not finite; null when it is finite. */
export function notFiniteEvaluation(
  evaluation: EvaluationRecord | undefined,
  last: StepRecord | undefined,
): Ending | null {
  if (evaluation === undefined || Number.isFinite(evaluation.loss)) return null;
  const learningRate = last?.learningRate ?? 0;
  return { reason: "not-finite", what: "evaluation loss", value: evaluation.loss, learningRate };
}

/** Writes a line; a disk that does not take it ends the run instead of losing it. */
export function tryAppend(sink: LineSink | undefined, line: TrajectoryLine): Ending | null {
  try {
    sink?.append(encodeLine(line));
    return null;
  } catch (error) {
    return { reason: "not-recorded", message: messageOf(error) };
  }
}

const RESUMED: readonly Ending["reason"][] = ["stopped", "not-recorded", "not-measured"];

/** Gives the ending that resuming does not undo: a run that was stopped, whose disk was full or whose reward failed, goes on. */
export function finalEnding<E extends Ending>(end: E | null): E | null {
  return end === null || RESUMED.includes(end.reason) ? null : end;
}

/** How a run that was told to stop leaves the work in progress. */
export interface Leaving {
  readonly signal: AbortSignal | undefined;
  /** Milliseconds that the work may still take. */
  readonly patience: number;
  /** Called when it took longer and is left behind. */
  readonly abandon: () => void;
}

/** Gives the result of some work, or the ending of a run whose objective could not be measured. @throws what else went wrong */
export async function unlessNotMeasured<T extends object>(
  work: Promise<T | "stopped">,
): Promise<T | "stopped" | Extract<Ending, { readonly reason: "not-measured" }>> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof NotMeasured)) throw error;
    return { reason: "not-measured", message: error.message };
  }
}

/** Gives the result of some work, or "stopped" when the run was told to stop and the work failed of it or did not end in time. */
export async function unlessStopped<T>(
  work: Promise<T>,
  { signal, patience, abandon }: Leaving,
): Promise<T | "stopped"> {
  if (signal === undefined) return work;
  const over = new AbortController();
  const left = new Promise<"stopped">((resolve) => {
    const leave = (): void => {
      abandon();
      resolve("stopped");
    };
    const wait = (): void => {
      if (!Number.isFinite(patience)) return;
      const timer = setTimeout(leave, patience);
      over.signal.addEventListener("abort", () => clearTimeout(timer));
    };
    if (signal.aborted) wait();
    else signal.addEventListener("abort", wait, { once: true, signal: over.signal });
  });
  try {
    return await Promise.race([work, left]);
  } catch (error) {
    if (signal.aborted) return "stopped";
    throw error;
  } finally {
    over.abort();
  }
}

import { armTitle } from "../experiment/arms";
import { formatRate } from "../table/number";
import type { RunRecord } from "../table/record";
import type { EvaluationNumbers } from "../train/run-history";

/** What the horizontal axis counts. */
export type HorizontalAxis = "steps" | "forward passes";

/** One point of a curve. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Gives the horizontal place of an evaluation or a step. */
export function position(
  record: { readonly step: number; readonly forwardPasses: number },
  against: HorizontalAxis,
): number {
  return against === "steps" ? record.step : record.forwardPasses;
}

/** Gives the finite dev losses of a run, in order. */
export function lossCurve(run: RunRecord, against: HorizontalAxis): readonly Point[] {
  return finitePoints(run.evaluations, against, (evaluation) => evaluation.loss);
}

/** Gives the finite values of one quantity over evaluations or steps. */
export function finitePoints<R extends { readonly step: number; readonly forwardPasses: number }>(
  records: readonly R[],
  against: HorizontalAxis,
  value: (record: R) => number | null,
): readonly Point[] {
  return records.flatMap((record) => {
    const y = value(record);
    return y !== null && Number.isFinite(y) ? [{ x: position(record, against), y }] : [];
  });
}

/**
 * Says where the cross of a diverged run stands: at the step of divergence, on the first dev loss measured from there on, else on the last one.
 * null when the run has not diverged or has no evaluation.
 */
export function divergencePoint(run: RunRecord, against: HorizontalAxis): Point | null {
  const at = run.diverged?.step;
  const measured = run.evaluations.filter(hasLoss);
  if (at === undefined || measured.length === 0) return null;
  const chosen = measured.find(({ step }) => step >= at) ?? measured.at(-1)!;
  const step = run.steps.find((record) => record.step >= at);
  const x = against === "steps" ? at : (step ?? chosen).forwardPasses;
  return { x, y: chosen.loss };
}

function hasLoss(evaluation: EvaluationNumbers): evaluation is EvaluationNumbers & { readonly loss: number } {
  return evaluation.loss !== null && Number.isFinite(evaluation.loss);
}

/**
 * Gives the value of a curve at x by linear interpolation between its neighbours; null outside of it.
 * @example valueAt([{ x: 0, y: 1 }, { x: 10, y: 3 }], 5) // 2
 */
export function valueAt(curve: readonly Point[], x: number): number | null {
  const right = curve.findIndex((point) => point.x >= x);
  if (right === -1) return null;
  const after = curve[right]!;
  if (after.x === x) return after.y;
  if (right === 0) return null;
  const before = curve[right - 1]!;
  return before.y + ((after.y - before.y) * (x - before.x)) / (after.x - before.x);
}

/** Writes an arm's title and its rate, "MeZO-LoRA, lr 3e-3"; the learning rate only where it tells curves of the figure apart. */
export function groupLabel(arm: string, learningRate: number, showRate: boolean): string {
  const title = armTitle(arm);
  return showRate ? `${title}, lr ${formatRate(learningRate)}` : title;
}

/** Says whether a figure's curves need their learning rate in the legend: as soon as there is more than one. */
export function severalRates(runs: readonly { readonly learningRate: number }[]): boolean {
  return new Set(runs.map((run) => run.learningRate)).size > 1;
}

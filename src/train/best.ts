import type { Chance } from "../task/chance";

/** What a choice among evaluations looks at; a record holds null for what was not finite. */
export interface JudgedEvaluation {
  readonly step: number;
  readonly loss: number | null;
  readonly accuracy: number | null;
  /** What the run is trained for in place of the loss, on dev: larger is better. */
  readonly objective?: number | null | undefined;
}

/** By what the best evaluation is chosen. */
export type BestBy = (typeof BEST_BY)[number];

export const BEST_BY = ["loss", "accuracy", "objective"] as const;

/** What says that a loss is no better than a constant answer's: its loss, and on how many texts. */
export type ChanceLevel = Pick<Chance, "loss" | "count">;

/** Half the 95 % point of chi-squared with one degree of freedom. */
const LUCK = 1.92;

/**
 * Gives the part of chance that a loss must pass to say anything: an output that is almost constant has one number by which it can be a
 * little better than the best constant by luck, as much as 1.92 / n nats in one of twenty cases (Wilks: 2 n times the difference is
 * chi-squared).
 * @example beyondLuck({ loss: Math.log(2), count: 40 }) // 0.645
 */
export function beyondLuck({ loss, count }: ChanceLevel): number {
  return loss - LUCK / count;
}

/**
 * Says whether an evaluation's lower loss is a collapse and no progress: the run began above chance, so that whatever flattens the output
 * lowers its loss; the loss went down but not below chance; and fewer answers are right. In numbers
 *     L_0 > chance,  chance - 1.92 / n <= L < L_0,  and  A < A_0  or  A < A_max - sqrt(A_max (1 - A_max) / n)
 * with A_max the largest accuracy before it: a fall from there counts from one standard error on.
 * @param history the evaluations up to and with this one, the one before training first
 * @example isCollapse([{ step: 0, loss: 1.4, accuracy: 0.62 }, { step: 10, loss: 0.72, accuracy: 0.45 }], { loss: 0.69, count: 40 }) // true
 */
export function isCollapse(history: readonly JudgedEvaluation[], chance: ChanceLevel): boolean {
  const [first] = history;
  const now = history.at(-1);
  if (first === undefined || now === undefined || history.length < 2) return false;
  const most = Math.max(...history.slice(0, -1).flatMap(({ accuracy }) => finite(accuracy)));
  return isFlatter(first, now, most, chance);
}

/** @param most the largest accuracy before */
function isFlatter(first: JudgedEvaluation, now: JudgedEvaluation, most: number, chance: ChanceLevel): boolean {
  const [start, loss] = [first.loss ?? NaN, now.loss ?? NaN];
  const towardsChance = start > chance.loss && loss < start && loss >= beyondLuck(chance);
  const accuracy = now.accuracy ?? NaN;
  const error = Math.sqrt((most * (1 - most)) / chance.count);
  return towardsChance && (accuracy < (first.accuracy ?? NaN) || accuracy < most - error);
}

/** How evaluations are chosen among. */
export interface Choosing {
  /** Default: the lowest loss. By accuracy or objective, the lower loss breaks ties. */
  readonly by?: BestBy | undefined;
  /** Where it is known, a collapse is never the best. */
  readonly chance?: ChanceLevel | undefined;
}

/**
 * Gives the best of a run's evaluations, the earlier one of equals; one whose loss is not finite is never it, nor a collapse (`isCollapse`)
 * where the choice is by loss. By accuracy or objective no loss can hide a collapse.
 * @param evaluations in order, the one before training first
 * @returns null when none is left
 * @example bestOf([{ step: 0, loss: 1, accuracy: 0.5 }, { step: 9, loss: 0.8, accuracy: 0.6 }])?.step // 9
 */
export function bestOf<E extends JudgedEvaluation>(
  evaluations: readonly E[],
  { by = "loss", chance }: Choosing = {},
): (E & { readonly loss: number }) | null {
  const [first] = evaluations;
  let best: (E & { readonly loss: number }) | null = null;
  let most = -Infinity;
  for (const now of evaluations) {
    const flatter = by === "loss" && chance !== undefined && now !== first && isFlatter(first, now, most, chance);
    most = Math.max(most, ...finite(now.accuracy));
    if (hasLoss(now) && !flatter && (best === null || isBetter(by, now, best))) best = now;
  }
  return best;
}

/** Says whether one evaluation beats another; by accuracy or objective the lower loss breaks ties. */
export function isBetter(
  by: BestBy,
  now: JudgedEvaluation & { readonly loss: number },
  best: JudgedEvaluation & { readonly loss: number },
): boolean {
  if (by !== "loss" && now[by] !== best[by]) return (now[by] ?? -Infinity) > (best[by] ?? -Infinity);
  return now.loss < best.loss;
}

/** A run whose lowest loss is a collapse. */
export interface Collapse extends JudgedEvaluation {
  readonly loss: number;
  readonly accuracy: number;
}

/**
 * Gives the evaluation with the lowest loss, where it is a collapse: to be told wherever that loss is shown or chosen by.
 * For example `collapsedRun(run.evaluations, problem.chance)?.step`: 30.
 */
export function collapsedRun(evaluations: readonly JudgedEvaluation[], chance: ChanceLevel): Collapse | null {
  const lowest = bestOf(evaluations);
  if (lowest === null) return null;
  const history = evaluations.slice(0, evaluations.indexOf(lowest) + 1);
  const { step, loss, accuracy } = lowest;
  return accuracy !== null && isCollapse(history, chance) ? { step, loss, accuracy } : null;
}

/** Writes one sentence on a collapse, for people. */
export function describeCollapse(
  { step, loss, accuracy }: Collapse,
  first: JudgedEvaluation,
  chance: ChanceLevel,
): string {
  const percent = (share: number | null): string => `${(100 * (share ?? NaN)).toFixed(1)} %`;
  return (
    `the dev loss went from ${(first.loss ?? NaN).toFixed(3)} to ${loss.toFixed(3)} at step ${step} by a flatter output alone: ` +
    `the best constant answer has ${chance.loss.toFixed(3)}, and right answers fell from ${percent(first.accuracy)} to ${percent(accuracy)}`
  );
}

function hasLoss<E extends JudgedEvaluation>(evaluation: E): evaluation is E & { readonly loss: number } {
  return evaluation.loss !== null && Number.isFinite(evaluation.loss);
}

function finite(value: number | null): readonly number[] {
  return value !== null && Number.isFinite(value) ? [value] : [];
}

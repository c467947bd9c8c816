import { fail } from "../check/check";
import { nearestHint } from "../check/nearest";
import { choiceAccuracy } from "./group-metrics";
import { f1, macroF1, matthews } from "./metrics";

/** What a model chose on some examples, and what is right. */
export interface Chosen {
  /** A class or an option for each example; -1 where a score was NaN. */
  readonly predictions: readonly number[];
  /** The right ones of each example, the one to train on first. */
  readonly right: readonly (readonly number[])[];
  /** How many classes all examples share; null: options that differ from example to example. */
  readonly classes: number | null;
}

/** A metric of choices: larger is better. */
export interface BatchMetric {
  /** Says whether it means something for so many classes (null: options of each example's own). */
  fits(classes: number | null): boolean;
  of(chosen: Chosen): number;
  /** It is the mean of what each example adds. */
  readonly mean?: true;
}

const labelsOf = ({ right }: Chosen): readonly number[] => right.map(([first]) => first);

/**
 * The metrics of choices that a run may have as its objective. Each is defined for any batch, also of one text: 0 where its fraction is 0 / 0, as F1
 * of a class that is neither predicted nor present and Matthews' correlation of one class alone.
 */
export const batchMetrics = {
  /** The share of right answers. */
  accuracy: { fits: () => true, of: ({ predictions, right }) => choiceAccuracy(predictions, right), mean: true },
  /** F1 of class 1 of two. */
  f1: { fits: (classes) => classes === 2, of: (chosen) => f1(chosen.predictions, labelsOf(chosen)) },
  /** The mean of every class's F1. */
  "macro f1": {
    fits: (classes) => classes !== null,
    of: (chosen) => macroF1(chosen.predictions, labelsOf(chosen), chosen.classes ?? 0),
  },
  /** Matthews' correlation. */
  matthews: { fits: (classes) => classes !== null, of: (chosen) => matthews(chosen.predictions, labelsOf(chosen)) },
} as const satisfies Readonly<Record<string, BatchMetric>>;

export type BatchMetricName = keyof typeof batchMetrics;

/**
 * Gives a metric's value; NaN where a score was NaN, so that a run that is lost is not taken for one that answers wrongly.
 * @example batchMetric("accuracy", { predictions: [1, 0], right: [[1], [1]], classes: 2 }) // 0.5
 * @example batchMetric("matthews", { predictions: [1], right: [[1]], classes: 2 }) // 0
 * @example batchMetric("accuracy", { predictions: [-1], right: [[1]], classes: 2 }) // NaN
 */
export function batchMetric(name: BatchMetricName, chosen: Chosen): number {
  return chosen.predictions.includes(-1) ? NaN : batchMetrics[name].of(chosen);
}

/** Says whether a name is a metric of choices. @example isBatchMetric("f1") // true */
export function isBatchMetric(name: string): name is BatchMetricName {
  return Object.hasOwn(batchMetrics, name);
}

/** Gives the metrics that mean something for so many classes. @example batchMetricsFor(6) // ["accuracy", "macro f1", "matthews"] */
export function batchMetricsFor(classes: number | null): readonly BatchMetricName[] {
  return (Object.keys(batchMetrics) as BatchMetricName[]).filter((name) =>
    (batchMetrics[name] as BatchMetric).fits(classes),
  );
}

/** Gives a metric's name back, checked. @throws naming those that there are for this task */
export function checkBatchMetric(task: string, name: string, classes: number | null): BatchMetricName {
  const known = batchMetricsFor(classes);
  return (
    known.find((one) => one === name) ??
    fail(`objective of ${task}`, `"loss" or a metric, ${known.join(", ")}${nearestHint(name, known)}`, name)
  );
}

import { fail, sameLength } from "../check/check";

/**
 * Gives the share of predictions that are right.
 * @example accuracy([1, 0, 1, 1], [1, 1, 1, 0]) // 0.5
 */
export function accuracy(predictions: readonly number[], labels: readonly number[]): number {
  check(predictions, labels);
  return predictions.filter((prediction, i) => prediction === labels[i]).length / labels.length;
}

/**
 * Computes F1 of one class: 2 TP / (2 TP + FP + FN); 0 where the class is neither predicted nor present.
 * @example f1([1, 0, 1, 1], [1, 1, 1, 0]) // 0.6666666666666666
 */
export function f1(predictions: readonly number[], labels: readonly number[], positive: number = 1): number {
  check(predictions, labels);
  let truePositives = 0;
  let wrong = 0;
  predictions.forEach((prediction, i) => {
    if (prediction === positive && labels[i] === positive) truePositives += 1;
    else if (prediction === positive || labels[i] === positive) wrong += 1;
  });
  return truePositives === 0 ? 0 : (2 * truePositives) / (2 * truePositives + wrong);
}

/** Gives the mean of every class's F1, classes weighted equally. */
export function macroF1(predictions: readonly number[], labels: readonly number[], classes: number): number {
  check(predictions, labels);
  const [right, predicted, present] = [predictions.filter((p, i) => p === labels[i]), predictions, labels].map(
    tally,
  ) as [Tally, Tally, Tally];
  let total = 0;
  for (let c = 0; c < classes; c++) {
    const both = right.get(c) ?? 0;
    if (both > 0) total += (2 * both) / (predicted.get(c)! + present.get(c)!);
  }
  return total / classes;
}

type Tally = ReadonlyMap<number, number>;

/** How often each value comes. */
function tally(values: readonly number[]): Tally {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/**
 * Computes the Matthews correlation for any number of classes: (c n - sum_k p_k t_k) / sqrt((n^2 - sum p_k^2)(n^2 - sum t_k^2)) with c right of n,
 * p_k predicted and t_k true members of class k; 0 where a factor of the root is 0 (only one class predicted, or only one present).
 * @example matthews([1, 0, 1, 1], [1, 1, 1, 0]) // -0.3333333333333333
 */
export function matthews(predictions: readonly number[], labels: readonly number[]): number {
  check(predictions, labels);
  const [predicted, present] = [tally(predictions), tally(labels)];
  const n = labels.length;
  const right = predictions.filter((prediction, i) => prediction === labels[i]).length;
  const overlap = [...present].reduce((sum, [k, count]) => sum + (predicted.get(k) ?? 0) * count, 0);
  const spread = (counts: Tally) => n * n - [...counts.values()].reduce((sum, count) => sum + count ** 2, 0);
  const root = Math.sqrt(spread(predicted) * spread(present));
  return root === 0 ? 0 : (right * n - overlap) / root;
}

function check(predictions: readonly number[], labels: readonly number[]): void {
  if (labels.length === 0) fail("labels", "at least one example", "none");
  sameLength("predictions", predictions.length, labels.length);
}

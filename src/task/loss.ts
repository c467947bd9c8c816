import { fail, sameLength } from "../check/check";

/** The loss of one batch at one point, in nats. */
export interface Loss {
  readonly mean: number;
  /** [B] */
  readonly perExample: Float64Array;
}

/**
 * Computes the cross-entropy over the classes: L_b = log sum_c exp(s[b, c]) - s[b, label_b], mean over b, in float64.
 * NaN and infinite scores are passed through (the loss is then NaN or infinite): the training loop decides what to do.
 * @param scores [B, C] row-major
 * @param labels [B]
 * @throws when lengths disagree or a label is not a class
 * @example crossEntropy(new Float64Array([0, 0]), 2, [1]).mean // 0.6931471805599453
 */
export function crossEntropy(scores: Float64Array, classes: number, labels: readonly number[]): Loss {
  checkLabels(scores, classes, labels);
  const perExample = Float64Array.from(labels, (label, b) => {
    const row = scores.subarray(b * classes, (b + 1) * classes);
    return logSumExp(row) - row[label];
  });
  return { mean: perExample.reduce((a, b) => a + b, 0) / labels.length, perExample };
}

/**
 * Computes the cross-entropy against shares: L_b = log sum_c exp(s[b, c]) - sum_c p[b, c] s[b, c], mean over b, in float64.
 * @param scores [B, C]
 * @param shares [B, C], each row's sum 1
 * @throws when lengths disagree
 * @example crossEntropyOfShares(new Float64Array([0, 0]), 2, new Float64Array([0.5, 0.5])).mean // 0.6931471805599453
 */
export function crossEntropyOfShares(scores: Float64Array, classes: number, shares: Float64Array): Loss {
  sameLength("shares", shares.length, scores.length);
  const perExample = Float64Array.from({ length: scores.length / classes }, (_, b) => {
    const row = scores.subarray(b * classes, (b + 1) * classes);
    return logSumExp(row) - row.reduce((sum, score, c) => sum + score * shares[b * classes + c], 0);
  });
  return { mean: perExample.reduce((a, b) => a + b, 0) / perExample.length, perExample };
}

/**
 * Gives the mean cross-entropy's derivative along each direction: dL = mean_b sum_c (softmax(s_b)[c] - [c = label_b]) ds[b, c].
 * @param scores [B, C] at the point
 * @param scoreTangents [P, B, C]
 * @returns [P]
 */
export function crossEntropyDerivatives(
  scores: Float64Array,
  scoreTangents: Float64Array,
  classes: number,
  labels: readonly number[],
): readonly number[] {
  checkLabels(scores, classes, labels);
  if (scoreTangents.length % scores.length !== 0)
    fail("scoreTangents", `a multiple of ${scores.length} numbers`, scoreTangents.length);
  const slope = crossEntropyGradient(scores, classes, labels);
  const directions = scoreTangents.length / scores.length;
  return Array.from({ length: directions }, (_, p) => {
    let sum = 0;
    for (let i = 0; i < slope.length; i++) sum += slope[i] * scoreTangents[p * slope.length + i];
    return sum;
  });
}

/**
 * Gives the mean cross-entropy's derivative by each score: (softmax(s_b)[c] - [c = label_b]) / B.
 * @param scores [B, C]
 * @returns [B, C]
 * @example crossEntropyGradient(new Float64Array([0, 0]), 2, [1]) // Float64Array [0.5, -0.5]
 */
export function crossEntropyGradient(scores: Float64Array, classes: number, labels: readonly number[]): Float64Array {
  checkLabels(scores, classes, labels);
  const slope = probabilities(scores, classes);
  labels.forEach((label, b) => (slope[b * classes + label] -= 1));
  return slope.map((value) => value / labels.length);
}

/** Computes softmax over the classes: [B, C] -> [B, C]. */
export function probabilities(scores: Float64Array, classes: number): Float64Array {
  const result = new Float64Array(scores.length);
  for (let start = 0; start < scores.length; start += classes) {
    const row = scores.subarray(start, start + classes);
    const total = logSumExp(row);
    row.forEach((score, c) => (result[start + c] = Math.exp(score - total)));
  }
  return result;
}

/** Gives the best class of each example (the first of equals), or -1 where a score is NaN: [B, C] -> [B]. */
export function predictions(scores: Float64Array, classes: number): readonly number[] {
  return Array.from({ length: scores.length / classes }, (_, b) => {
    return largestAt(scores.subarray(b * classes, (b + 1) * classes));
  });
}

/** Gives the place of the largest number, the first of equals; -1 where one is NaN, or there is none. @example largestAt([1, 3, 3]) // 1 */
export function largestAt(values: readonly number[] | Float64Array): number {
  return values.indexOf(Math.max(...values));
}

/** Computes log sum_i exp(row_i), without overflow; NaN and infinities are passed through. */
export function logSumExp(row: Float64Array): number {
  const top = Math.max(...row);
  if (!Number.isFinite(top)) return Number.isNaN(top) ? NaN : top;
  return top + Math.log(row.reduce((sum, value) => sum + Math.exp(value - top), 0));
}

/**
 * Gives 1 at each example's class and 0 elsewhere: [B, C].
 * @throws when a label is not a class
 * @example labelShares(2, [1]) // Float32Array [0, 1]
 */
export function labelShares(classes: number, labels: readonly number[]): Float32Array {
  checkClasses(classes, labels);
  const shares = new Float32Array(labels.length * classes);
  labels.forEach((label, b) => (shares[b * classes + label] = 1));
  return shares;
}

function checkLabels(scores: Float64Array, classes: number, labels: readonly number[]): void {
  checkClasses(classes, labels);
  sameLength("scores", scores.length, labels.length * classes);
}

/** Checks that each label is a class. @throws when there is no label, or one is no class in 0..classes-1 */
export function checkClasses(classes: number, labels: readonly number[]): void {
  if (labels.length === 0) fail("labels", "at least one example", "none");
  labels.forEach((label, b) => {
    if (!Number.isInteger(label) || label < 0 || label >= classes)
      fail(`labels[${b}]`, `a class in 0..${classes - 1}`, label);
  });
}

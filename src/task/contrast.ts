import { fail, nonNegativeNumber, numberBelowOne, positiveNumber, sameLength } from "../check/check";
import { logSumExp } from "./loss";

/** How texts and captions are contrasted. */
export interface Contrast {
  /** S = 1 / tau: the factor of cosines. */
  readonly scale: number;
  /** e, from 0 to below 1: the share of a target that lies on captions of other classes. */
  readonly smoothing: number;
  /** delta >= 0, in units of the cosine: what is added to those of other classes. */
  readonly margin: number;
}

/** R-Adapter's for classification. Source: arXiv 2408.05749; tjddus9597/R-Adapter-ECCV2024 at 9680117. */
export const CONTRAST: Contrast = { scale: 100, smoothing: 0.02, margin: 0.05 };

/** Checks how texts and captions are contrasted. @throws naming the number that is out of range */
export function checkContrast(what: string, { scale, smoothing, margin }: Contrast): void {
  positiveNumber(`${what}.scale`, scale);
  numberBelowOne(`${what}.smoothing`, smoothing);
  nonNegativeNumber(`${what}.margin`, margin);
}

/** A contrast's loss, and its derivatives by both sides where they are asked for. */
export interface ContrastLoss {
  /** In nats. */
  readonly loss: number;
  /** [B, H] */
  readonly byTexts: Float64Array;
  /** [C, H] */
  readonly byCaptions: Float64Array;
}

/** Vectors one after another, each with a class. */
export interface Labelled {
  /** [labels.length, width], row-major. */
  readonly vectors: ArrayLike<number>;
  readonly labels: readonly number[];
}

/**
 * Computes the multi-positive contrast with a margin (MPM-NCE) of B texts f_i and C captions g_j, in float64; y_ij = 1 where their classes are equal:
 *     l_ij = S (<f_i, g_j> + delta (1 - y_ij)),  t_ij = (1 - e) y_ij / P_i + e (1 - y_ij) / (C - P_i),  P_i = sum_j y_ij
 *     L = 1/2 [mean_i -sum_j t_ij log softmax(l_i)_j + the same of captions to texts]
 * Where all are of one class there is no second term. Vectors are taken as they are: make them of unit length before.
 * @param width H
 * @throws when a text has no caption of its class, or the other way round, or a setting is out of range
 * Source: R-Adapter, arXiv 2408.05749; tjddus9597/R-Adapter-ECCV2024 at 9680117, clip/loss.py. Departs: log-softmax, where its logarithm of a softmax
 *   is infinite when a probability underflows, and no division by zero where all are of one class.
 */
export function contrastLoss(texts: Labelled, captions: Labelled, width: number, settings: Contrast): ContrastLoss {
  checkContrast("contrast", settings);
  const { scale, margin } = settings;
  const [rows, columns] = [texts.labels.length, captions.labels.length];
  sameLength("texts", texts.vectors.length, rows * width);
  sameLength("captions", captions.vectors.length, columns * width);
  const logits = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      let cosine = 0;
      for (let h = 0; h < width; h++) cosine += texts.vectors[i * width + h]! * captions.vectors[j * width + h]!;
      logits[i * columns + j] = scale * (cosine + (texts.labels[i] === captions.labels[j] ? 0 : margin));
    }
  const slope = new Float64Array(logits.length);
  const loss =
    oneWay(logits, texts.labels, captions.labels, settings, (i, j) => i * columns + j, slope) +
    oneWay(logits, captions.labels, texts.labels, settings, (i, j) => j * columns + i, slope);
  const [byTexts, byCaptions] = [new Float64Array(rows * width), new Float64Array(columns * width)];
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const by = scale * slope[i * columns + j]!;
      for (let h = 0; h < width; h++) {
        byTexts[i * width + h]! += by * captions.vectors[j * width + h]!;
        byCaptions[j * width + h]! += by * texts.vectors[i * width + h]!;
      }
    }
  return { loss, byTexts, byCaptions };
}

/** Half the mean cross-entropy from one side to the other; adds its derivative by the logits to `slope`. */
function oneWay(
  logits: Float64Array,
  from: readonly number[],
  to: readonly number[],
  { smoothing }: Contrast,
  at: (i: number, j: number) => number,
  slope: Float64Array,
): number {
  let total = 0;
  from.forEach((label, i) => {
    const row = Float64Array.from(to, (_, j) => logits[at(i, j)]!);
    const positives = to.filter((other) => other === label).length;
    if (positives === 0)
      fail("contrast", `a caption of class ${label} for each of its texts, and the other way round`, "none");
    const others = to.length - positives;
    const weight = (other: number): number => (other === label ? (1 - smoothing) / positives : smoothing / others);
    const sum = to.reduce((all, other) => all + weight(other), 0);
    const log = logSumExp(row);
    to.forEach((other, j) => {
      total -= weight(other) * (row[j]! - log);
      slope[at(i, j)]! += (sum * Math.exp(row[j]! - log) - weight(other)) / (2 * from.length);
    });
  });
  return total / (2 * from.length);
}

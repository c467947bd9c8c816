import { fail, positiveNumber, sameLength } from "../check/check";
import type { Features } from "../engine/session";
import { evaluateReadout } from "../task/classifier";
import type { Evaluation, ReadBatch } from "../task/classifier";
import { crossEntropy, crossEntropyGradient } from "../task/loss";
import type { Readout } from "../task/readout";
import { minimise } from "./lbfgs";

/**
 * Fits a multinomial logistic regression on frozen features, with an L2 penalty on the weights and none on the bias:
 *     min over W [C, H], b [C] of  strength sum_i crossEntropy(W f_i + b, y_i) + |W|^2 / 2
 * For example `linearProbe(await session.features([point], train.input), train.labels, 2, 1).rows`: [2, H].
 * @param features [1, n, H]
 * @param labels [n], in 0..classes-1
 * @param strength C, as scikit-learn has it for three classes and more: larger is a weaker penalty. Its two-class form has one vector in
 *   place of two rows, and the same penalty at 2 C
 * Source: the linear probing of MeZO's experiments, a logistic regression on what the head's last product reads (princeton-nlp/MeZO,
 *   medium_models/src/linearhead_trainer.py). Departs: there C is chosen by cross-validation on train, here on dev (`fitProbe`); the
 *   bias is fitted for causal models too.
 */
export function linearProbe(features: Features, labels: readonly number[], classes: number, strength: number): Readout {
  const { width, texts } = features;
  sameLength("labels", labels.length, texts);
  positiveNumber("strength", strength);
  const { data, mean } = centred(features);
  const size = classes * width;
  const scoresAt = (x: Float64Array): Float64Array => {
    const scores = new Float64Array(texts * classes);
    for (let i = 0; i < texts; i++)
      for (let c = 0; c < classes; c++) {
        let sum = x[size + c];
        for (let h = 0; h < width; h++) sum += x[c * width + h] * data[i * width + h];
        scores[i * classes + c] = sum;
      }
    return scores;
  };
  const { x } = minimise(
    (at, gradient) => {
      const scores = scoresAt(at);
      // The mean's gradient, times the number of texts: the sum's.
      const slope = crossEntropyGradient(scores, classes, labels);
      gradient.fill(0);
      for (let i = 0; i < texts; i++)
        for (let c = 0; c < classes; c++) {
          const by = strength * texts * slope[i * classes + c];
          gradient[size + c] += by;
          for (let h = 0; h < width; h++) gradient[c * width + h] += by * data[i * width + h];
        }
      let penalty = 0;
      for (let j = 0; j < size; j++) {
        penalty += (at[j] * at[j]) / 2;
        gradient[j] += at[j];
      }
      return strength * texts * crossEntropy(scores, classes, labels).mean + penalty;
    },
    new Float64Array(size + classes),
    // The bias has no penalty: its curvature is the texts' alone, and as small as C.
    { tolerance: 1e-7 * Math.min(1, strength), iterations: 1000 },
  );
  const rows = Float32Array.from(x.subarray(0, size));
  // W (f - mean) + c is W f + b with b = c - W mean, of the weights as they are rounded.
  const bias = Float32Array.from(x.subarray(size), (own, c) =>
    mean.reduce((sum, entry, h) => sum - rows[c * width + h] * entry, own),
  );
  return {
    rows,
    bias,
    classes,
    width,
    scale: 1,
  };
}

/**
 * Features less their mean over the texts, in float64. The bias has no penalty and takes the mean up again, so the minimum is the same;
 * with it, what all texts share would tie the bias to the weights, and the descent would take thousands of steps.
 */
function centred({ width, texts, data }: Features): { readonly data: Float64Array; readonly mean: Float64Array } {
  const mean = new Float64Array(width);
  data.forEach((entry, i) => (mean[i % width] += entry / texts));
  return { data: Float64Array.from(data, (entry, i) => entry - mean[i % width]), mean };
}

/** C of the probe that a grid's arms and a problem's readout choose among. */
export const PROBE_STRENGTHS = [1e-3, 1e-2, 1e-1, 1, 10, 100] as const;

/** A probe with the C that was best on dev. */
export interface FittedProbe {
  readonly readout: Readout;
  readonly strength: number;
  readonly dev: Evaluation;
  /** Dev loss of each C, in the order of the strengths. */
  readonly losses: readonly number[];
}

/**
 * Fits a linear probe for each C and takes the one with the lowest loss on dev, the earlier one of equal ones.
 * For example `fitProbe(await readAll(session, problem.train), await readAll(session, problem.dev), 6).strength`: 10.
 * @throws when there is no C, no training text or no dev text
 */
export function fitProbe(
  train: readonly ReadBatch[],
  dev: readonly ReadBatch[],
  classes: number,
  strengths: readonly number[] = PROBE_STRENGTHS,
): FittedProbe {
  const features = joined(train.map((batch) => batch.features));
  const labels = train.flatMap((batch) => batch.labels);
  if (dev.length === 0) fail("dev", "at least one batch", "none");
  const probes = strengths.map((strength) => {
    const readout = linearProbe(features, labels, classes, strength);
    return { strength, readout, dev: evaluateReadout(readout, dev) };
  });
  const [first, ...rest] = probes;
  if (first === undefined) return fail("strengths", "at least one", "none");
  const best = rest.reduce((a, b) => (b.dev.loss < a.dev.loss ? b : a), first);
  return { ...best, losses: probes.map((probe) => probe.dev.loss) };
}

/** Gives the features of several batches as those of one. @throws when there is no batch */
export function joined(all: readonly Features[]): Features {
  const [first] = all;
  if (first === undefined) return fail("train", "at least one batch", "none");
  const { width } = first;
  const texts = all.reduce((sum, part) => sum + part.texts, 0);
  const data = new Float32Array(texts * width);
  let at = 0;
  for (const part of all) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { data, points: 1, texts, width };
}

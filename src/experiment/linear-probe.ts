import { positiveNumber, sameLength } from "../check/check";
import type { Features } from "../engine/session";
import { crossEntropy, crossEntropyGradient } from "../task/loss";
import type { Readout } from "../task/readout";
import { minimise } from "./lbfgs";

/**
 * Multinomial logistic regression on frozen features, with an L2 penalty on the weights and none on the bias:
 *     min over W [C, H], b [C] of  strength sum_i crossEntropy(W f_i + b, y_i) + |W|^2 / 2
 * @param features [1, n, H]
 * @param labels [n], in 0..classes-1
 * @param strength C, as scikit-learn has it: larger is a weaker penalty
 * @example linearProbe(await session.features([point], train.input), train.labels, 2, 1).rows // [2, H]
 * Source: the linear probing of MeZO's experiments, a logistic regression on what the head's last product reads (princeton-nlp/MeZO,
 *   medium_models/src/linearhead_trainer.py). Departs: there C is chosen by cross-validation on train, here on dev (`run-still`); the
 *   bias is fitted for causal models too.
 */
export function linearProbe(features: Features, labels: readonly number[], classes: number, strength: number): Readout {
  const { width, texts, data } = features;
  sameLength("labels", labels.length, texts);
  positiveNumber("strength", strength);
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
    { tolerance: 1e-5 * Math.max(1, strength), iterations: 300 },
  );
  return {
    rows: Float32Array.from(x.subarray(0, size)),
    bias: Float32Array.from(x.subarray(size)),
    ...{ classes, width, scale: 1 },
  };
}

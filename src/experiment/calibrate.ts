import type { Features } from "../engine/session";
import { fail, positiveNumber, sameLength } from "../check/check";
import { checkClasses, crossEntropy, crossEntropyGradient } from "../task/loss";
import { scores } from "../task/readout";
import type { Readout } from "../task/readout";
import { minimise } from "./lbfgs";

/** C where none is named: one text weighs as much as one nat's worth of moving scale and bias by sqrt(2). */
const STRENGTH = 1;

/**
 * Fits one scale s and one bias b [C] to the scores u of a readout, which are kept in proportion:
 *     min over s, b of  C sum_i crossEntropy(s u_i + b, y_i) + ((s - 1)^2 + |b|^2) / 2,  u_i less its mean over the classes
 * so that a language model's label words start from what they tell of these texts, without a preference that has nothing to do with them. The
 * penalty holds s where the texts are told apart without an error. What comes back has no head: it stays frozen.
 * For example `calibrated(headReadout(head, tokens), await session.features([point], train.input), train.labels).scale`: 0.4.
 * @param features [1, n, H]
 * @param labels [n], in 0..classes-1
 * @throws when there is no text, or a label is no class
 * Source: Platt scaling with a bias for each class; for label words Zhao et al., arXiv 2102.09690 (there from a text without content). Departs:
 *   fitted on the training texts, with one scale.
 */
export function calibrated(
  readout: Readout,
  features: Features,
  labels: readonly number[],
  strength: number = STRENGTH,
): Readout {
  const { rows, classes, width, scale, bias } = readout;
  const { texts } = features;
  if (texts === 0) fail("features", "at least one text", 0);
  sameLength("labels", labels.length, texts);
  positiveNumber("strength", strength);
  checkClasses(classes, labels);
  const found = scores(readout, features);
  const centred = found.map((score, i) => {
    const from = i - (i % classes);
    return score - found.subarray(from, from + classes).reduce((sum, each) => sum + each / classes, 0);
  });
  const { x } = minimise(
    (at, gradient) => {
      const own = centred.map((score, i) => at[0] * score + at[1 + (i % classes)]);
      const slope = crossEntropyGradient(own, classes, labels);
      gradient.forEach((_, j) => (gradient[j] = at[j] - (j === 0 ? 1 : 0)));
      slope.forEach((each, i) => {
        const by = strength * texts * each;
        gradient[0] += by * centred[i];
        gradient[1 + (i % classes)] += by;
      });
      const penalty = at.reduce((sum, value, j) => sum + (value - (j === 0 ? 1 : 0)) ** 2 / 2, 0);
      return strength * texts * crossEntropy(own, classes, labels).mean + penalty;
    },
    Float64Array.from([1, ...new Array<number>(classes).fill(0)]),
  );
  const [by] = x;
  return {
    ...{ rows, classes, width, scale: by * scale },
    bias: Float32Array.from(x.subarray(1), (value, c) => value + by * (bias?.[c] ?? 0)),
  };
}

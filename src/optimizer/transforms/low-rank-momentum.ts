import type { OuterPart, TensorPart } from "../../estimator/tensor-part";
import type { TransformKind } from "../transform";
import { checkDecay, type Momentum } from "./momentum";
import { offsetOf, partsOf, writeOuter } from "./outer-parts";

/**
 * Momentum of low-rank directions, kept in the left factor alone: M [rows][r] a matrix in place of rows x columns numbers.
 *     M <- b M + (1 - b) sum_q w_q U_q,  M = sum_q w_q U_q in the first step;  g = M V^T
 * In a step with a new right factor V, M is carried over from the old one, Vold: M <- b M (Vold^T V) / columns + (1 - b) sum_q w_q U_q
 * (over the squared length of V's columns, where they are no standard normals).
 * Tensors that are vectors have the same momentum number by number. The first step counts 1 and later ones 1 - b, so it lingers.
 * The vectors are as long as the left factors and the vectors together: M of the tensors one after another.
 * Source: LOZO-M, arXiv 2410.07698; optsuite/LOZO@5d1ade5, medium_models/src/LOZOtrainer.py. Departs: with nu = 1 M is carried over too;
 *   there that line is never reached.
 */
export const lowRankMomentum: TransformKind<Momentum> = {
  check: (what, { decay }) => checkDecay(what, decay),
  keeps: ["right", "both"],
  unformed: true,
  form({ decay }, { state, count, layout }, { weights, direction, before }, gradient) {
    if (layout.factors !== undefined) gradient.fill(0);
    const parts = weights.map((_, query) => partsOf("low-rank-momentum", direction(query)));
    const old = before === null ? null : partsOf("low-rank-momentum", before());
    const kept = new Float32Array(parts[0].reduce((sum, part) => sum + leftOf(part).length, 0));
    const mean = state.vectors["left"] ?? kept.slice();
    let at = 0;
    parts[0].forEach((part, tensor) => {
      const place = kept.subarray(at, at + leftOf(part).length);
      const share = count === 1 ? 1 : 1 - decay;
      if (count > 1) carry(place, mean.subarray(at, at + place.length), part, old?.[tensor] ?? null, decay);
      weights.forEach((weight, query) => {
        const left = leftOf(parts[query][tensor]);
        for (let i = 0; i < place.length; i++) place[i] += share * weight * left[i];
      });
      if (part.kind === "outer") writeOuter(gradient, layout, tensor, part, "left", place);
      else gradient.set(place, offsetOf(layout, tensor, part));
      at += place.length;
    });
    return { left: kept };
  },
};

const leftOf = (part: TensorPart): Float32Array => (part.kind === "outer" ? part.left : part.values);

/** place <- b M, in the basis of the step's right factor. */
function carry(place: Float32Array, last: Float32Array, part: TensorPart, old: TensorPart | null, decay: number): void {
  if (part.kind === "dense" || old === null || old.kind === "dense") {
    for (let i = 0; i < place.length; i++) place[i] = decay * last[i];
    return;
  }
  const turned = overlap(old, part);
  const { rank, rows, columns, square = columns } = part;
  for (let i = 0; i < rows; i++)
    for (let k = 0; k < rank; k++) {
      let sum = 0;
      for (let l = 0; l < rank; l++) sum += last[i * rank + l] * turned[l * rank + k];
      place[i * rank + k] = (decay * sum) / square;
    }
}

/** Vold^T V [rank][rank]. */
function overlap(old: OuterPart, { rank, columns, right }: OuterPart): Float64Array {
  const product = new Float64Array(rank * rank);
  const { right: former } = old;
  for (let j = 0; j < columns; j++)
    for (let l = 0; l < rank; l++)
      for (let k = 0; k < rank; k++) product[l * rank + k] += former[j * rank + l] * right[j * rank + k];
  return product;
}

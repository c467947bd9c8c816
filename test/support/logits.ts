import type { Model } from "../../src/model/model";

/** Logits [vectors][vocabulary] of features [vectors, width], by the head's rows and bias; null without a head. */
export function logitsOf({ head, vocabulary, width }: Model, features: ArrayLike<number>): readonly number[] | null {
  if (head === null) return null;
  const ids = Array.from({ length: vocabulary }, (_, id) => id);
  const [rows, bias] = [head.rows(ids), head.bias(ids)];
  return Array.from({ length: (features.length / width) * vocabulary }, (_, i) => {
    const [vector, id] = [Math.floor(i / vocabulary), i % vocabulary];
    let sum = bias?.[id] ?? 0;
    for (let h = 0; h < width; h++) sum += features[vector * width + h] * rows[id * width + h];
    return sum;
  });
}

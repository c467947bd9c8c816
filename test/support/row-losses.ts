import { scoredPlaces } from "../../src/engine/scored";
import type { RowLoss, TokenBatch } from "../../src/engine/session";
import type { Model } from "../../src/model/model";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";

/** A cross-entropy over three random classes, right at another one in each row, with a weight of its own each row: the second counts nothing. */
export function classLoss(model: Pick<Model, "width">, batch: TokenBatch): RowLoss {
  const rows = scoredPlaces(batch).length;
  const shares = Float32Array.from({ length: rows * 3 }, (_, i) => (i % 3 === Math.floor(i / 3) % 3 ? 1 : 0));
  return {
    weights: Array.from({ length: rows }, (_, k) => (k === 1 ? 0 : 1 / (k + 1))),
    classes: { rows: normals(randomKey(1, "check"), 3 * model.width), biases: [0.5, -0.25, 0], shares },
  };
}

/** A small offset of a batch's embeddings [T, embedding width]. */
export function someOffset({ embeddingWidth }: Pick<Model, "embeddingWidth">, { ids }: TokenBatch): Float32Array {
  return normals(randomKey(2, "check"), ids.flat().length * embeddingWidth).map((value) => 0.1 * value);
}

import { randomKey } from "../random/key";
import { normals } from "../random/normals";
import type { Layout } from "../tree/layout";
import { norm, scaleInPlace, sharedVector } from "../tree/vector";

/**
 * Draws a direction whose rows are as long as the point's: each row of a matrix is a Gaussian one, stretched to the length of the row at the point;
 * vectors (biases, norms) stay. A step of 0.1 along it changes each row by a tenth of itself.
 * For example `filterDirection(adapter.layout, point, 0, 1)`.
 * @param index which one
 * Source: filter normalisation of arXiv 1712.09913, section 4, a row of a linear layer in place of a filter.
 */
export function filterDirection(layout: Layout, point: Float32Array, seed: number, index: number): Float32Array {
  const out = sharedVector(layout.size);
  for (const [k, { offset, size, shape }] of layout.entries.entries()) {
    if (shape.length < 2) continue;
    const columns = shape[shape.length - 1]!;
    out.set(normals(randomKey(seed, "filterNormalised", index, k), size), offset);
    for (let from = offset; from < offset + size; from += columns) {
      const row = out.subarray(from, from + columns);
      const length = norm(row);
      scaleInPlace(row, length === 0 ? 0 : norm(point.subarray(from, from + columns)) / length);
    }
  }
  return out;
}

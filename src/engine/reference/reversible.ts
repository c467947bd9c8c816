import type { Reversible } from "../../ops/reversible";
import { packBatch } from "../onnx/geometry";
import { referenceOps } from "./low-ops";
import type { Pass } from "./low-ops";
import { broadcastPositions, generate, mapRows, matmul, sizeOf, transposed } from "./tensor";
import type { Tensor } from "./tensor";

/**
 * Gives the float64 operations with their adjoints: exact gradients, to judge other engines' by.
 * @param cotangent from the features to the loss's derivative by them
 */
export function reversibleReference(pass: Pass, cotangent: (features: Tensor) => Tensor): Reversible<Tensor> {
  const low = referenceOps(pass);
  const { texts, longest, tokens, scored, targets, lengths, ids, positions } = packBatch(pass.batch);
  const starts = Array.from(lengths, (_, b) => lengths.slice(0, b).reduce((sum, length) => sum + length, 0));
  /** [R, B, H] -> [R, T, H] where token t of text b gets share(b, row) of the text's row. */
  const toTokens = ({ shape: [leading, , width], data }: Tensor, share: (b: number, row: number) => number): Tensor => {
    const out = new Float64Array(leading * tokens * width);
    for (let r = 0; r < leading; r++)
      for (let b = 0; b < texts; b++)
        for (let row = starts[b]; row < starts[b] + lengths[b]; row++)
          for (let h = 0; h < width; h++)
            out[(r * tokens + row) * width + h] = share(b, row) * data[(r * texts + b) * width + h];
    return { shape: [leading, tokens, width], data: out };
  };
  return {
    ...low,
    cotangent,
    sumTo(x, shape) {
      const missing = x.shape.length - shape.length;
      const kept = x.shape.slice(missing).map((size, axis) => (shape[axis] === 1 ? 1 : size));
      const at = broadcastPositions(kept, x.shape);
      const data = new Float64Array(sizeOf(kept));
      x.data.forEach((value, i) => (data[at[i]] += value));
      return { shape: kept, data };
    },
    spread(x, width) {
      const shape = [...x.shape.slice(0, -1), width];
      const at = broadcastPositions(x.shape, shape);
      return generate(shape, (i) => x.data[at[i]]);
    },
    matmulOfTransposed: (x, y) => matmul(transposed(x), y),
    frozenBack(x, weight) {
      const [outputs, inputs] = weight.shape;
      const w = weight.read();
      return mapRows(x, inputs, (row, out) => {
        for (let o = 0; o < outputs; o++) for (let i = 0; i < inputs; i++) out[i] += row[o] * w[o * inputs + i];
      });
    },
    unpick(picked, indices, count) {
      const [leading, ...rest] = picked[0].shape;
      const size = sizeOf(rest);
      const shape = [leading, count, ...rest];
      const data = new Float64Array(sizeOf(shape));
      picked.forEach((part, k) => {
        for (let r = 0; r < leading; r++)
          data.set(part.data.subarray(r * size, (r + 1) * size), (r * count + indices[k]) * size);
      });
      return { shape, data };
    },
    unmergeHeads(x, groups, perGroup) {
      const split = low.splitHeads(x, groups, perGroup);
      const size = split.shape[5];
      return generate(split.shape, (i) => {
        const place = Math.floor(i / size) % longest;
        const b = Math.floor(i / (size * longest * perGroup * groups)) % texts;
        return place < lengths[b] ? split.data[i] : 0;
      });
    },
    unpool: (x) => toTokens(x, (b) => 1 / lengths[b]),
    ungather({ shape: [leading, count, width], data }, by, rows) {
      const out = new Float64Array(leading * rows * width);
      for (let r = 0; r < leading; r++)
        for (let row = 0; row < count; row++)
          for (let h = 0; h < width; h++) {
            const to = by === "token" ? ids[row] : by === "position" ? positions[row] : 0;
            out[(r * rows + to) * width + h] += data[(r * count + row) * width + h];
          }
      return { shape: [leading, rows, width], data: out };
    },
    untakeScored({ shape: [leading, count, width], data }) {
      const out = new Float64Array(leading * tokens * width);
      for (let r = 0; r < leading; r++)
        for (let k = 0; k < count; k++)
          for (let h = 0; h < width; h++)
            out[(r * tokens + scored[k]) * width + h] += data[(r * count + k) * width + h];
      return { shape: [leading, tokens, width], data: out };
    },
    untakeTargets: ({ shape: [leading, count], data }, width) =>
      generate([leading, count, width], (i) => {
        const row = Math.floor(i / width);
        return i % width === targets?.[row % count] ? data[row] : 0;
      }),
  };
}

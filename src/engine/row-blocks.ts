import type { FrozenMatrix } from "../ops/ops";

const BLOCK_BYTES = 4 * 1024 * 1024;

/** Gives the matrix some rows at a time, in order. */
export function* rowBlocks(matrix: FrozenMatrix): Generator<{ readonly rows: Float32Array; readonly first: number }> {
  for (const indices of rowIndices(matrix)) yield { rows: matrix.rows(indices), first: indices[0]! };
}

/** Gives the indices of some rows at a time, in order. */
export function* rowIndices({ shape: [outputs, inputs] }: FrozenMatrix): Generator<Int32Array> {
  const step = Math.max(1, Math.floor(BLOCK_BYTES / (4 * inputs)));
  for (let first = 0; first < outputs; first += step)
    yield Int32Array.from({ length: Math.min(step, outputs - first) }, (_, i) => first + i);
}

/** Reads a matrix whole and keeps nothing: what is wrong in it is told now, whichever rows are needed later. */
export function readThrough(matrix: FrozenMatrix): void {
  const rows = rowBlocks(matrix);
  while (rows.next().done !== true);
}

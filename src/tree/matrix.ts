/** A tensor as a matrix. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
}

/**
 * Gives a tensor as a matrix: the last axis are the columns, all axes before it the rows, so a tensor-train core [left][mode][right] is
 * (left mode) x right. A tensor with one axis, and a matrix of one row or column, are vectors: null.
 * @example matrixOf([4, 3, 5]) // { rows: 12, columns: 5 }
 */
export function matrixOf(shape: readonly number[]): Matrix | null {
  const columns = shape.at(-1) ?? 1;
  const rows = shape.slice(0, -1).reduce((product, axis) => product * axis, 1);
  return rows > 1 && columns > 1 ? { rows, columns } : null;
}

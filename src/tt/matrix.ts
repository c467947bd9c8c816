import { sameLength } from "../check/check";

/** A dense matrix [rows, columns] in float64, row-major. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/**
 * Makes a matrix from numbers in row-major order.
 * For example `matrix(2, 2, [1, 2, 3, 4])`.
 * @throws when there are not rows x columns of them
 */
export function matrix(rows: number, columns: number, data: ArrayLike<number>): Matrix {
  sameLength(`matrix [${rows}, ${columns}]`, data.length, rows * columns);
  return { rows, columns, data: Float64Array.from(data) };
}

/** Gives the product [a.rows, b.columns]. @throws when a has not as many columns as b has rows */
export function multiply(a: Matrix, b: Matrix): Matrix {
  sameLength("columns of the left matrix", a.columns, b.rows);
  const data = new Float64Array(a.rows * b.columns);
  for (let i = 0; i < a.rows; i++) {
    for (let k = 0; k < a.columns; k++) {
      const factor = a.data[i * a.columns + k];
      for (let j = 0; j < b.columns; j++) data[i * b.columns + j] += factor * b.data[k * b.columns + j];
    }
  }
  return { rows: a.rows, columns: b.columns, data };
}

/** Gives the transpose [columns, rows]. */
export function transpose({ rows, columns, data }: Matrix): Matrix {
  const out = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = data[i * columns + j];
  return { rows: columns, columns: rows, data: out };
}

/** Reads the numbers of a matrix, row after row, under another shape. @throws when the sizes differ */
export function reshaped(from: Matrix, rows: number, columns: number): Matrix {
  sameLength(`matrix [${rows}, ${columns}]`, from.data.length, rows * columns);
  return { rows, columns, data: from.data };
}

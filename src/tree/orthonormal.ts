import { fail } from "../check/check";

/** Of a column's length, what rounding in float64 leaves where the columns before give all of it. */
const NOTHING = 1e-12;

/**
 * Makes the columns of a matrix orthonormal, in order (Gram-Schmidt, twice, in float64): Q of its QR factorisation with a positive diagonal.
 * @param matrix [rows][columns], rows >= columns, of full rank
 * @throws when there are more columns than rows, or a column is a sum of those before
 * @example orthonormalColumns(Float32Array.of(3, 1, 4, 2), 2) // Float32Array [0.6, -0.8, 0.8, 0.6]
 */
export function orthonormalColumns(matrix: Float32Array, columns: number): Float32Array {
  const q = Float64Array.from(matrix);
  const rows = matrix.length / columns;
  if (columns > rows) fail("columns", `at most ${rows}, the matrix's rows`, columns);
  const dot = (a: number, b: number): number => {
    let sum = 0;
    for (let i = 0; i < rows; i++) sum += q[i * columns + a] * q[i * columns + b];
    return sum;
  };
  for (let j = 0; j < columns; j++) {
    const given = Math.sqrt(dot(j, j));
    // Once leaves what rounding brings back of the columns before; twice is enough.
    for (let pass = 0; pass < 2; pass++)
      for (let k = 0; k < j; k++) {
        const along = dot(j, k);
        for (let i = 0; i < rows; i++) q[i * columns + j] -= along * q[i * columns + k];
      }
    const length = Math.sqrt(dot(j, j));
    if (!(length > NOTHING * given)) fail("matrix", "independent columns", `column ${j} a sum of those before`);
    for (let i = 0; i < rows; i++) q[i * columns + j] /= length;
  }
  return Float32Array.from(q);
}

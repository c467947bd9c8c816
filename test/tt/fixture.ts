import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { matrix, type Matrix } from "../../src/tt/matrix";

/** A matrix of standard normals. */
export function randomMatrix(rows: number, columns: number, index = 0): Matrix {
  return matrix(rows, columns, normals(randomKey(1, "check", index, rows, columns), rows * columns));
}

/** The largest difference of two matrices' entries. */
export function largestDifference(a: Matrix, b: Matrix): number {
  if (a.rows !== b.rows || a.columns !== b.columns) return Infinity;
  return a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - b.data[i])), 0);
}

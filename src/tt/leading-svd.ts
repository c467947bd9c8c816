import { fail, positiveInteger } from "../check/check";
import { leadingEigen } from "./leading-eigen";

/** The r largest singular values of a matrix W [rows, columns], in decreasing order, with their vectors: W q = value p, W^T p = value q. */
export interface LeadingSvd {
  /** p of each value, [rows]. */
  readonly left: readonly Float64Array[];
  readonly values: Float64Array;
  /** q of each value, [columns]. */
  readonly right: readonly Float64Array[];
}

/** Of the largest value, what counts as none: a value is the root of one that rounding in float64 has moved. */
const NOTHING = 1e-6;

/**
 * Computes the r largest singular values and vectors of W in float64, to the same bits everywhere, by the eigenvectors of W W^T or W^T W,
 * whichever is smaller (`leadingEigen`). Of each pair the entry of q that is largest in size is positive. Values below 1e-6 of the largest
 * are zero here, and so are their vectors.
 * @param w row after row
 * @throws when r is no whole number in 1..min(rows, columns), or a number is not finite
 * @example leadingSvd(Float32Array.of(3, 0, 0, -4), 2, 2, 1).values // Float64Array [4]
 */
export function leadingSvd(w: ArrayLike<number>, rows: number, columns: number, r: number): LeadingSvd {
  const side = Math.min(rows, columns);
  if (positiveInteger("rank", r) > side) fail("rank", `at most ${side}, the matrix's smaller side`, r);
  const wide = rows <= columns;
  const lines = wide ? linesOf(w, rows, columns) : crossLines(w, rows, columns);
  if (lines.some((line) => !line.every(Number.isFinite))) fail("matrix", "finite numbers", "one that is not");
  const { values, vectors } = leadingEigen(products(lines), side, r);
  const roots = values.map((value) => Math.sqrt(Math.max(value, 0)));
  const found = vectors.map((short, k) => {
    if (!(roots[k]! > NOTHING * roots[0]!))
      return { value: 0, short: short.map(() => 0), long: lines[0]!.map(() => 0) };
    // W's image has the value as its length, without the root's rounding.
    const image = sumOf(short, lines);
    const value = Math.sqrt(dot(image, image));
    const long = image.map((entry) => entry / value);
    const right = wide ? long : short;
    const largest = right.reduce((best, entry) => (Math.abs(entry) > Math.abs(best) ? entry : best), 0);
    const sign = largest < 0 ? -1 : 1;
    return { value, short: short.map((entry) => sign * entry), long: long.map((entry) => sign * entry) };
  });
  const [shorts, longs] = [found.map(({ short }) => short), found.map(({ long }) => long)];
  return {
    left: wide ? shorts : longs,
    values: Float64Array.from(found, ({ value }) => value),
    right: wide ? longs : shorts,
  };
}

function linesOf(w: ArrayLike<number>, rows: number, columns: number): readonly Float64Array[] {
  return Array.from({ length: rows }, (_, i) => {
    const line = new Float64Array(columns);
    for (let j = 0; j < columns; j++) line[j] = w[i * columns + j]!;
    return line;
  });
}

function crossLines(w: ArrayLike<number>, rows: number, columns: number): readonly Float64Array[] {
  return Array.from({ length: columns }, (_, j) => {
    const line = new Float64Array(rows);
    for (let i = 0; i < rows; i++) line[i] = w[i * columns + j]!;
    return line;
  });
}

/** All products of two lines, the half below the diagonal. */
function products(lines: readonly Float64Array[]): Float64Array {
  const n = lines.length;
  const out = new Float64Array(n * n);
  lines.forEach((line, i) => {
    for (let j = 0; j <= i; j++) out[i * n + j] = dot(line, lines[j]!);
  });
  return out;
}

function sumOf(weights: Float64Array, lines: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(lines[0]!.length);
  lines.forEach((line, i) => {
    const weight = weights[i]!;
    for (let k = 0; k < out.length; k++) out[k]! += weight * line[k]!;
  });
  return out;
}

/** In four sums, which the processor adds side by side. */
function dot(x: Float64Array, y: Float64Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let k = 0;
  for (; k + 3 < x.length; k += 4) {
    a += x[k]! * y[k]!;
    b += x[k + 1]! * y[k + 1]!;
    c += x[k + 2]! * y[k + 2]!;
    d += x[k + 3]! * y[k + 3]!;
  }
  for (; k < x.length; k++) a += x[k]! * y[k]!;
  return a + b + (c + d);
}

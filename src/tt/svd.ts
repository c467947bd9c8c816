import { transpose, type Matrix } from "./matrix";

/** A = U diag(values) V^T, values in decreasing order, n = min(rows, columns). */
export interface Svd {
  /** [rows, n] */
  readonly u: Matrix;
  /** [n] */
  readonly values: Float64Array;
  /** V^T [n, columns] */
  readonly vt: Matrix;
}

const sweeps = 60;
const tolerance = 1e-15;

/**
 * Computes a singular value decomposition by one-sided Jacobi rotations: columns are rotated in pairs until all are orthogonal; their
 * lengths are the singular values. Accurate also for small singular values. A singular value of 0 has a column of zeros in U.
 * @throws nothing; after 60 sweeps (ten are usual) the result is what it is
 * @example svd(matrix(2, 2, [3, 0, 0, 4])).values // Float64Array [4, 3]
 * Source: Hestenes, "Inversion of matrices by biorthogonalization and related results" (1958).
 */
export function svd(a: Matrix): Svd {
  if (a.rows < a.columns) {
    const { u, values, vt } = svd(transpose(a));
    return { u: transpose(vt), values, vt: transpose(u) };
  }
  const { rows, columns } = a;
  // columns of A, then of V, as contiguous rows
  const w = transpose(a).data;
  const v = new Float64Array(columns * columns);
  for (let i = 0; i < columns; i++) v[i * columns + i] = 1;
  for (let sweep = 0, rotated = true; rotated && sweep < sweeps; sweep++) {
    rotated = false;
    for (let p = 0; p < columns - 1; p++) {
      for (let q = p + 1; q < columns; q++) {
        const pp = product(w, p, p, rows);
        const qq = product(w, q, q, rows);
        const pq = product(w, p, q, rows);
        if (Math.abs(pq) <= tolerance * Math.sqrt(pp * qq)) continue;
        rotated = true;
        const zeta = (qq - pp) / (2 * pq);
        const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
        const cosine = 1 / Math.hypot(1, tangent);
        rotate(w, p, q, rows, cosine, cosine * tangent);
        rotate(v, p, q, columns, cosine, cosine * tangent);
      }
    }
  }
  const lengths = Array.from({ length: columns }, (_, j) => Math.sqrt(product(w, j, j, rows)));
  const order = lengths.map((_, j) => j).sort((i, j) => lengths[j] - lengths[i]);
  const ut = new Float64Array(columns * rows);
  const vt = new Float64Array(columns * columns);
  order.forEach((from, to) => {
    const inverse = lengths[from] > 0 ? 1 / lengths[from] : 0;
    for (let i = 0; i < rows; i++) ut[to * rows + i] = w[from * rows + i] * inverse;
    vt.set(v.subarray(from * columns, (from + 1) * columns), to * columns);
  });
  return {
    u: transpose({ rows: columns, columns: rows, data: ut }),
    values: Float64Array.from(order, (j) => lengths[j]),
    vt: { rows: columns, columns, data: vt },
  };
}

function product(data: Float64Array, p: number, q: number, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += data[p * size + i] * data[q * size + i];
  return sum;
}

function rotate(data: Float64Array, p: number, q: number, size: number, cosine: number, sine: number): void {
  for (let i = 0; i < size; i++) {
    const x = data[p * size + i];
    const y = data[q * size + i];
    data[p * size + i] = cosine * x - sine * y;
    data[q * size + i] = sine * x + cosine * y;
  }
}

/** Gives singular values above `relative` times the largest. */
export function numericalRank(a: Matrix, relative = 1e-10): number {
  const { values } = svd(a);
  return values.filter((value) => value > relative * values[0]).length;
}

import { fail, positiveInteger, sameLength } from "../check/check";
import { normals } from "../random/normals";
import { randomKey } from "../random/key";

/** The r largest eigenvalues of a symmetric matrix A, in decreasing order, with their vectors: A v = value v. */
export interface LeadingEigen {
  readonly values: Float64Array;
  /** Each [n], of length 1, orthogonal to the others. */
  readonly vectors: readonly Float64Array[];
}

/** Halvings of the interval that holds all eigenvalues: enough for every bit of a float64 near its largest. */
const HALVINGS = 64;
/** One brings a vector from chance to rounding; the others are for eigenvalues that lie close together. */
const ITERATIONS = 4;

/**
 * Computes the r largest eigenvalues and their vectors of a symmetric matrix A [n, n] in float64, to the same bits everywhere: Householder
 * reflections make it tridiagonal, halving finds each eigenvalue (Sturm's count), inverse iteration its vector, orthogonal to those before.
 * @param a row after row; what is above the diagonal is not read
 * @throws when there are not n x n numbers, or r is no whole number in 1..n
 * @example leadingEigen(Float64Array.of(2, 1, 1, 2), 2, 1).values // Float64Array [3]
 * Source: Golub and Van Loan, Matrix Computations, sections 8.3.1 (tridiagonal form), 8.4.1 (halving) and 8.2.2 (inverse iteration).
 */
export function leadingEigen(a: Float64Array, n: number, r: number): LeadingEigen {
  sameLength("matrix", a.length, n * n);
  if (positiveInteger("rank", r) > n) fail("rank", `at most ${n}, the matrix's side`, r);
  const { diagonal, beside, reflections } = tridiagonal(a, n);
  const reach = diagonal.map((value, i) => Math.abs(value) + Math.abs(beside[i]!) + Math.abs(beside[i - 1] ?? 0));
  const size = reach.reduce((most, value) => Math.max(most, value), 0);
  const found: Float64Array[] = [];
  const values = Float64Array.from({ length: r }, (_, k) => {
    const value = eigenvalue(diagonal, beside, k, size);
    found.push(eigenvector(diagonal, beside, value, size, found));
    return value;
  });
  return { values, vectors: found.map((vector) => reflected(vector, reflections)) };
}

/** x -> x - factor (v x) v, on the entries from `from` on. */
interface Reflection {
  readonly from: number;
  readonly v: Float64Array;
  readonly factor: number;
}

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** Entry i stands between rows i and i + 1; the last is 0. */
  readonly beside: Float64Array;
  readonly reflections: readonly Reflection[];
}

function tridiagonal(given: Float64Array, n: number): Tridiagonal {
  const a = given.slice();
  const beside = new Float64Array(n);
  const reflections: Reflection[] = [];
  for (let from = 1; from < n; from++) {
    const v = new Float64Array(n - from);
    for (let i = 0; i < v.length; i++) v[i] = a[(from + i) * n + from - 1]!;
    const length = Math.sqrt(dot(v, v));
    const isThere = v.every((value, i) => i === 0 || value === 0);
    beside[from - 1] = isThere ? v[0]! : v[0]! > 0 ? -length : length;
    if (isThere) continue;
    v[0]! -= beside[from - 1]!;
    const factor = 2 / dot(v, v);
    reflect(a, n, from, v, factor);
    reflections.push({ from, v, factor });
  }
  return { diagonal: Float64Array.from({ length: n }, (_, i) => a[i * n + i]!), beside, reflections };
}

/** A <- A - v w^T - w v^T with w = p - (factor / 2) (p v) v and p = factor A v, from row and column `from` on; the lower half alone. */
function reflect(a: Float64Array, n: number, from: number, v: Float64Array, factor: number): void {
  const size = v.length;
  const w = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const row = (from + i) * n + from;
    const vi = v[i]!;
    let sum = 0;
    for (let j = 0; j < i; j++) {
      const entry = a[row + j]!;
      sum += entry * v[j]!;
      w[j]! += entry * vi;
    }
    w[i]! += sum + a[row + i]! * vi;
  }
  for (let i = 0; i < size; i++) w[i]! *= factor;
  const along = (factor / 2) * dot(w, v);
  for (let i = 0; i < size; i++) w[i]! -= along * v[i]!;
  for (let i = 0; i < size; i++) {
    const row = (from + i) * n + from;
    const [vi, wi] = [v[i]!, w[i]!];
    for (let j = 0; j <= i; j++) a[row + j]! -= vi * w[j]! + wi * v[j]!;
  }
}

/** The eigenvalue that k others are larger than; all of them lie in -size..size. */
function eigenvalue(d: Float64Array, e: Float64Array, k: number, size: number): number {
  let [low, high] = [-size, size];
  for (let step = 0; step < HALVINGS; step++) {
    const middle = (low + high) / 2;
    if (countAbove(d, e, middle, size) > k) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** How many eigenvalues are larger than x: the positive pivots of T - x. */
function countAbove(d: Float64Array, e: Float64Array, x: number, size: number): number {
  let [count, pivot] = [0, 1];
  for (let i = 0; i < d.length; i++) {
    const before = e[i - 1] ?? 0;
    pivot = d[i]! - x - (before * before) / pivot;
    if (pivot === 0) pivot = -Number.EPSILON * size;
    if (pivot > 0) count++;
  }
  return count;
}

function eigenvector(
  d: Float64Array,
  e: Float64Array,
  value: number,
  size: number,
  others: readonly Float64Array[],
): Float64Array {
  let x = Float64Array.from(normals(randomKey(0, "decomposition", others.length), d.length));
  for (let step = 0; step < ITERATIONS; step++) {
    x = unit(apart(x, others));
    x = unit(solved(d, e, value, x, size));
  }
  return unit(apart(x, others));
}

function apart(given: Float64Array, others: readonly Float64Array[]): Float64Array {
  const x = given.slice();
  for (let pass = 0; pass < 2; pass++)
    for (const other of others) {
      const along = dot(other, x);
      for (let k = 0; k < x.length; k++) x[k]! -= along * other[k]!;
    }
  return x;
}

function unit(x: Float64Array): Float64Array {
  const most = x.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  if (most === 0) return x;
  const scaled = x.map((value) => value / most);
  const length = Math.sqrt(dot(scaled, scaled));
  return scaled.map((value) => value / length);
}

/** (T - value)^-1 b by elimination with exchanged rows; where a pivot is nothing, rounding's size stands for it. */
function solved(d: Float64Array, e: Float64Array, value: number, b: Float64Array, size: number): Float64Array {
  const n = d.length;
  const least = Number.EPSILON * (size || 1);
  const [first, second, third] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  const x = b.slice();
  let [p, q] = [d[0]! - value, e[0]!];
  for (let i = 0; i < n; i++) {
    const below = i < n - 1 ? e[i]! : 0;
    const [diagonal, after] = [(d[i + 1] ?? 0) - value, e[i + 1] ?? 0];
    if (Math.abs(p) >= Math.abs(below)) {
      first[i] = Math.abs(p) < least ? least : p;
      second[i] = q;
      const share = below / first[i]!;
      if (i + 1 < n) x[i + 1]! -= share * x[i]!;
      [p, q] = [diagonal - share * q, after];
    } else {
      [first[i], second[i], third[i]] = [below, diagonal, after];
      const share = p / below;
      const kept = x[i]!;
      x[i] = x[i + 1]!;
      x[i + 1] = kept - share * x[i]!;
      [p, q] = [q - share * diagonal, -share * after];
    }
  }
  for (let i = n - 1; i >= 0; i--)
    x[i] = (x[i]! - second[i]! * (x[i + 1] ?? 0) - third[i]! * (x[i + 2] ?? 0)) / first[i]!;
  return x;
}

function reflected(given: Float64Array, reflections: readonly Reflection[]): Float64Array {
  const x = given.slice();
  for (const { from, v, factor } of [...reflections].reverse()) {
    let along = 0;
    for (let i = 0; i < v.length; i++) along += v[i]! * x[from + i]!;
    for (let i = 0; i < v.length; i++) x[from + i]! -= factor * along * v[i]!;
  }
  return x;
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < x.length; k++) sum += x[k]! * y[k]!;
  return sum;
}

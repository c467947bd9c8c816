import { sameLength } from "../check/check";

/**
 * Arithmetic of flat Float32 vectors [d]. Sums are kept in float64; each stored element is rounded to float32 once.
 */

/**
 * Makes a vector of zeros as long as x, in memory of the same kind: shared memory goes to an engine's thread as it is.
 * @example like(Float32Array.of(3, 4)) // [0, 0]
 */
export function like(x: Float32Array): Float32Array {
  return x.buffer instanceof SharedArrayBuffer ? sharedVector(x.length) : new Float32Array(x.length);
}

/** Makes a vector of zeros in shared memory. @example sharedVector(2).buffer instanceof SharedArrayBuffer // true */
export function sharedVector(size: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(4 * size));
}

/**
 * Computes <x, y> = sum x_i y_i, in float64.
 * @throws when the lengths differ
 * @example dot(Float32Array.of(1, 2), Float32Array.of(3, 4)) // 11
 */
export function dot(x: Float32Array, y: Float32Array): number {
  sameLength("y", y.length, x.length);
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * y[i];
  return sum;
}

/** Computes |x| = sqrt(sum x_i^2). @example norm(Float32Array.of(3, 4)) // 5 */
export function norm(x: Float32Array): number {
  return Math.sqrt(dot(x, x));
}

/** Computes sqrt(mean x_i^2), 0 for an empty vector. @example rms(Float32Array.of(1, 7)) // 5 */
export function rms(x: Float32Array): number {
  return x.length === 0 ? 0 : Math.sqrt(dot(x, x) / x.length);
}

/**
 * Computes out <- y + a x, the point that lies `a` along x from y. `out` may be `y` or `x`.
 * @throws when the lengths differ
 */
export function axpyInto(out: Float32Array, a: number, x: Float32Array, y: Float32Array): void {
  sameLength("x", x.length, out.length);
  sameLength("y", y.length, out.length);
  for (let i = 0; i < out.length; i++) out[i] = y[i] + a * x[i];
}

/**
 * Computes plus <- y + a x and minus <- y - a x in one pass: the bits of two calls of `axpyInto`.
 * @throws when the lengths differ
 */
export function spreadInto(plus: Float32Array, minus: Float32Array, a: number, x: Float32Array, y: Float32Array): void {
  sameLength("plus", plus.length, y.length);
  sameLength("minus", minus.length, y.length);
  sameLength("x", x.length, y.length);
  for (let i = 0; i < y.length; i++) {
    const [middle, step] = [y[i], a * x[i]];
    plus[i] = middle + step;
    minus[i] = middle - step;
  }
}

/**
 * Computes y + a x as a new vector.
 * @example axpy(2, Float32Array.of(1, 2), Float32Array.of(10, 20)) // Float32Array [12, 24]
 */
export function axpy(a: number, x: Float32Array, y: Float32Array): Float32Array {
  const out = new Float32Array(y.length);
  axpyInto(out, a, x, y);
  return out;
}

/** Computes x <- a x. */
export function scaleInPlace(x: Float32Array, a: number): void {
  for (let i = 0; i < x.length; i++) x[i] *= a;
}

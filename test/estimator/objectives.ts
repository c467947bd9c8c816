import type { Objective } from "../../src/estimator/objective";
import { dot } from "../../src/tree/vector";

/** A loss and its gradient, in float64. */
export interface Analytic {
  loss(point: Float32Array): number;
  gradient(point: Float32Array): readonly number[];
}

/** L = sum a_i x_i^2 / 2 + b_i x_i. */
export function quadratic(a: readonly number[], b: readonly number[]): Analytic {
  return {
    loss: (x) => x.reduce((sum, xi, i) => sum + (a[i] * xi * xi) / 2 + b[i] * xi, 0),
    gradient: (x) => Array.from(x, (xi, i) => a[i] * xi + b[i]),
  };
}

/** L = sum exp(x_i) x_(i+1): smooth, not symmetric, with all higher derivatives. */
export const curved: Analytic = {
  loss: (x) => x.reduce((sum, xi, i) => sum + Math.exp(xi) * x[(i + 1) % x.length], 0),
  gradient: (x) =>
    Array.from(x, (xi, i) => Math.exp(xi) * x[(i + 1) % x.length] + Math.exp(x[(i + x.length - 1) % x.length])),
};

/** Batches are analytic losses; every call is noted. */
export function recordingObjective(): Objective<Analytic> & { readonly calls: { points: number; batch: Analytic }[] } {
  const calls: { points: number; batch: Analytic }[] = [];
  return {
    calls,
    async losses(points, batch) {
      calls.push({ points: points.length, batch });
      return points.map((point) => batch.loss(point));
    },
    async derivatives(point, directions, batch) {
      calls.push({ points: directions.length, batch });
      const gradient = batch.gradient(point);
      return {
        loss: batch.loss(point),
        derivatives: directions.map((z) => z.reduce((sum, zi, i) => sum + zi * gradient[i], 0)),
      };
    },
  };
}

/** |x|^2. */
export const squaredNorm = (x: Float32Array) => dot(x, x);

/** Mean of numbers, and its standard error. */
export function meanAndError(values: readonly number[]): { readonly mean: number; readonly error: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length) };
}

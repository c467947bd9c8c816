import { fail, perturbation, positiveInteger } from "../check/check";
import { randomKey } from "../random/key";
import { normals } from "../random/normals";
import { axpy, norm, scaleInPlace } from "../tree/vector";
import type { Objective } from "./objective";
import { gradientOf } from "./probes/backpropagation";

/** How the largest curvature is looked for. */
export interface CurvatureOptions {
  /** Of the vector that it begins with. */
  readonly seed: number;
  /** Iterations, of two gradients each. */
  readonly steps: number;
  /** How far from the point the gradients are taken, default 1e-2. */
  readonly reach?: number;
}

/** What the iteration came to. */
export interface Curvature {
  /** v^T H v of the last v: the eigenvalue of H that is largest in size, with its sign. */
  readonly largest: number;
  /** |H v - largest v| over |H v|: 0 where v is an eigenvector. */
  readonly residual: number;
  /** Backward passes spent. */
  readonly backwardPasses: number;
}

/**
 * Measures the sharpness of a loss at a point: the eigenvalue of its Hessian that is largest in size, by power iteration on differences of gradients,
 *     H v ~ (g(w + r v) - g(w - r v)) / (2 r),  v <- H v / |H v|
 * The two gradients are in float32, so that a reach that is too small drowns the difference in rounding.
 * For example `(await largestCurvature(objective, point, batch, { seed: 0, steps: 20 })).largest`.
 * @throws when the objective has no gradient or one that is not finite, the point is empty, or an option is out of range
 * Source: power iteration; the Hessian's product as a difference of gradients is Pearlmutter's (1994) in its limit.
 */
export async function largestCurvature<Batch>(
  objective: Objective<Batch>,
  point: Float32Array,
  batch: Batch,
  { seed, steps, reach = 1e-2 }: CurvatureOptions,
): Promise<Curvature> {
  positiveInteger("steps", steps);
  perturbation("reach", reach);
  if (point.length === 0) fail("point", "at least one number", "none");
  const gradient = gradientOf(objective);
  let v = unit(normals(randomKey(seed, "perturbing"), point.length));
  let found = { largest: 0, residual: 0 };
  for (let step = 0; step < steps; step++) {
    const ahead = (await gradient(axpy(reach, v, point), batch)).gradient.slice();
    const behind = (await gradient(axpy(-reach, v, point), batch)).gradient;
    const along = Float64Array.from(ahead, (value, i) => (value - behind[i]!) / (2 * reach));
    const largest = along.reduce((sum, value, i) => sum + value * v[i]!, 0);
    const length = lengthOf(along);
    if (!Number.isFinite(length))
      fail(
        "gradient",
        `finite numbers within ${reach} of the point (take a smaller reach, or another point)`,
        `others in iteration ${step + 1}`,
      );
    const rest = lengthOf(along.map((value, i) => value - largest * v[i]!));
    found = { largest, residual: length === 0 ? 0 : rest / length };
    if (length === 0) return { ...found, backwardPasses: 2 * (step + 1) };
    v = Float32Array.from(along, (value) => value / length);
  }
  return { ...found, backwardPasses: 2 * steps };
}

function lengthOf(v: Float64Array): number {
  return Math.sqrt(v.reduce((sum, value) => sum + value * value, 0));
}

function unit(v: Float32Array): Float32Array {
  scaleInPlace(v, 1 / norm(v));
  return v;
}

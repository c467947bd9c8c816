import { dot } from "../../tree/vector";
import type { TransformKind } from "../transform";

/** Of a direction's squared length, what rounding leaves of one that is a sum of those before. */
const NOTHING = 1e-6;

/**
 * The shortest gradient that has the measured derivatives along all directions of a step, in place of their average:
 *     g = Z c,  Z^T Z c = p,  so <g, z_q> = p_q
 * With one query p z / |z|^2. It is the true gradient's projection on what was measured, so shorter by Q / d than the average is on average,
 * and steady: the directions' overlap counts once. A direction that is a sum of those before adds nothing.
 * Directions are made Q^2 / 2 times, in the memory of two.
 * Source: ZO-Align of arXiv 2509.15552, of which the abstract was read (aligned projections, by a local surrogate); the formula is ours.
 */
export const alignment: TransformKind<unknown> = {
  check: () => undefined,
  form(_spec, { layout }, { weights, direction }, gradient) {
    const [one, other] = [new Float32Array(layout.size), new Float32Array(layout.size)];
    const queries = weights.map((_, query) => query);
    const gram = queries.map((query) => {
      direction(query).addInPlace(one.fill(0), 1);
      return queries.slice(0, query + 1).map((before) => {
        if (before === query) return dot(one, one);
        direction(before).addInPlace(other.fill(0), 1);
        return dot(one, other);
      });
    });
    // Weights are the mean's: p / Q.
    const shares = solved(gram, weights.map((weight) => weight * weights.length)); // prettier-ignore
    gradient.fill(0);
    shares.forEach((share, query) => direction(query).addInPlace(gradient, share));
    return {};
  },
};

/**
 * Solves A x = b for a symmetric A >= 0 whose lower rows are given, by L D L^T in float64; what does not add to the rows before has x = 0.
 * @example solved([[2], [0, 4]], [1, 2]) // [0.5, 0.5]
 */
export function solved(lower: readonly (readonly number[])[], b: readonly number[]): readonly number[] {
  const size = lower.length;
  const factor: number[][] = [];
  const pivots: number[] = [];
  const y: number[] = [];
  for (let i = 0; i < size; i++) {
    const row: number[] = [];
    for (let j = 0; j < i; j++) {
      let value = lower[i][j];
      for (let k = 0; k < j; k++) value -= row[k] * pivots[k] * factor[j][k];
      row.push(pivots[j] === 0 ? 0 : value / pivots[j]);
    }
    const pivot = lower[i][i] - row.reduce((sum, value, k) => sum + value ** 2 * pivots[k], 0);
    factor.push(row);
    pivots.push(pivot > NOTHING * lower[i][i] ? pivot : 0);
    y.push(b[i] - row.reduce((sum, value, k) => sum + value * y[k], 0));
  }
  const x = new Array<number>(size).fill(0);
  for (let i = size - 1; i >= 0; i--) {
    if (pivots[i] === 0) continue;
    let value = y[i] / pivots[i];
    for (let k = i + 1; k < size; k++) value -= factor[k][i] * x[k];
    x[i] = value;
  }
  return x;
}

import { fail, numberBelowOne } from "../../check/check";
import type { Layout } from "../../tree/layout";
import { dot } from "../../tree/vector";
import type { TransformKind } from "../transform";

/** What scales are learned for, and how long they remember. */
export interface LearnedScales {
  /** What shares a scale: a tensor, a row of a matrix (a vector is one row), or each number has its own. */
  readonly each: ScaledPart;
  /** How much of what a step has shown is left in the next, from 0 to below 1. */
  readonly decay: number;
}

/** What shares a scale, and how many numbers of a tensor of that shape do. */
const sizes = {
  tensor: (shape: readonly number[]): number => shape.reduce((all, side) => all * side, 1),
  row: (shape: readonly number[]): number => (shape.length < 2 ? shape : shape.slice(1)).reduce((all, side) => all * side, 1), // prettier-ignore
  number: (): number => 1,
} as const;

/** What shares a scale. */
export type ScaledPart = keyof typeof sizes;

/**
 * Divides each part b of the gradient by what the queries so far have shown of its size, and all of it by the size of p:
 *     g_b <- g_b / sqrt(P s_b),  g = 1/Q sum_q p_q z_q
 * For normals E p^2 = |g|^2, E p^2 (|z_b|^2 - n) = 2 |g_b|^2, and of two queries E p p' <z_b, z'_b> = |g_b|^2, without any bias. The first counts
 * 2/3 for each query, the last 1 for each pair, as the inverse of their variances over n does:
 *     A_b <- c A_b + sum_q p_q^2 (|z_q,b|^2 - n) / 3 + (|sum_q p_q z_q,b|^2 - sum_q p_q^2 |z_q,b|^2) / 2
 *     I <- c I + k,  B <- c B + k/Q sum_q p_q^2,  k = 2 Q / 3 + Q (Q - 1) / 2;  P = B / I
 * so that A_b / I is |g_b|^2 and needs no correction for the first steps. s_b is the part's mean square relative to the mean over all d numbers,
 * r_b = max(A_b, 0) d / (n B), drawn towards 1 as far as so few queries leave it unknown (`drawnIn`). A loss that is c times as large takes the
 * same steps. It carries one number for each part and two more, in float32.
 * Source: ours; the moments are those of normals (Isserlis), the division by a root is RMSProp's.
 */
export const learnedScales: TransformKind<LearnedScales> = {
  check(what, { each, decay }) {
    if (!Object.hasOwn(sizes, each)) fail(`${what}.each`, Object.keys(sizes).join(", "), each);
    numberBelowOne(`${what}.decay`, decay);
  },
  normals: true,
  form({ each, decay }, { state, layout }, { weights, direction }, gradient) {
    const parts = partsOf(layout, each);
    const queries = weights.length;
    const shown = new Float64Array(parts.length);
    const z = new Float32Array(layout.size);
    gradient.fill(0);
    let squares = 0;
    weights.forEach((weight, query) => {
      const drawn = direction(query);
      drawn.addInPlace(z.fill(0), 1);
      drawn.addInPlace(gradient, weight);
      // Weights are the mean's: p / Q.
      const square = (weight * queries) ** 2;
      squares += square;
      parts.forEach(({ begin, size }, b) => {
        const part = z.subarray(begin, begin + size);
        const length = dot(part, part);
        shown[b] += (square * (length - size)) / 3 - (square * length) / 2;
      });
    });
    const slices = parts.map(({ begin, size }) => gradient.subarray(begin, begin + size));
    const counts = (2 * queries) / 3 + (queries * (queries - 1)) / 2;
    const { sums = new Float32Array(parts.length), totals = new Float32Array(2) } = state.vectors;
    const next = sums.map((sum, b) => decay * sum + shown[b] + (queries ** 2 * dot(slices[b], slices[b])) / 2);
    const [known, all] = totals.map((total, i) => decay * total + [counts, (counts * squares) / queries][i]);
    // Numbers too large for the squares' float32 are not learned from; their gradient stays as it is.
    if (![all, ...next].every(Number.isFinite)) return { sums, totals };
    if (all > 0)
      slices.forEach((slice, b) => {
        const n = slice.length;
        const scale = drawnIn(Math.max(next[b], 0) * (layout.size / n / all), (n * known) / layout.size ** 2);
        const by = Math.sqrt((all / known) * scale);
        for (let i = 0; i < n; i++) slice[i] /= by;
      });
    return { sums: next, totals: Float32Array.of(known, all) };
  },
};

/**
 * Draws a ratio that was measured with a variance of 1 / t towards 1, where it stands beforehand with a variance of 1: (1 + t r) / (1 + t). For n of
 * d numbers, whose ratio has the variance d^2 / (n I), t = n I / d^2.
 * @example drawnIn(5, 3) // 4
 */
export function drawnIn(ratio: number, t: number): number {
  return (1 + t * ratio) / (1 + t);
}

/** Places of the flat vector that share a scale. */
function partsOf({ entries }: Layout, each: ScaledPart): readonly { readonly begin: number; readonly size: number }[] {
  return entries.flatMap(({ offset, size: whole, shape }) => {
    const size = sizes[each](shape);
    return Array.from({ length: whole / size }, (_, i) => ({ begin: offset + i * size, size }));
  });
}

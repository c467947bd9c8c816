import { positiveInteger, positiveNumber } from "../check/check";
import { randomKey } from "../random/key";
import { normals } from "../random/normals";
import { bottleneckChange, initialBottleneck } from "./bottleneck";
import { matrix } from "./matrix";
import { modesFor } from "./plan";

/** Fresh adapters of one width, and what they are tried on. */
export interface InitialScaleOptions {
  readonly bottleneck: number;
  readonly rank: number;
  /** s in A(h) = h + s Up(relu(Down(h))). */
  readonly scale: number;
  /** Fresh adapters drawn, from the seeds 0, 1, 2, ... */
  readonly draws: number;
  /** Rows of h each adapter is tried on: independent standard normals, so the features have mean 0 and variance 1. */
  readonly rows: number;
}

/** How strongly fresh adapters change their input, |A(h) - h| / |h|. */
export interface InitialScale {
  readonly width: number;
  readonly scale: number;
  /** Of all draws: the root mean square, comparable with `expectedRelativeOutput`; half of the draws lie below the median. */
  readonly rootMeanSquare: number;
  readonly median: number;
  readonly largest: number;
}

/**
 * Computes |A(h) - h| / |h| of fresh adapters on normal activations, over several draws; norms are taken over all rows of h.
 * For example `measureInitialScale(576, { bottleneck: 64, rank: 5, scale: 1, draws: 16, rows: 8 }).rootMeanSquare`: near 0.21.
 * @throws when a count or the scale is not positive
 */
export function measureInitialScale(width: number, options: InitialScaleOptions): InitialScale {
  const { bottleneck, rank, scale } = options;
  const draws = positiveInteger("draws", options.draws);
  const rows = positiveInteger("rows", options.rows);
  positiveNumber("scale", scale);
  const modes = { down: modesFor(width, bottleneck), up: modesFor(bottleneck, width) };
  const ratios = Array.from({ length: draws }, (_, seed) => {
    const h = matrix(rows, width, normals(randomKey(seed, "check", width), rows * width));
    return norm(bottleneckChange(initialBottleneck(modes, rank, seed), h, scale).data) / norm(h.data);
  }).sort((a, b) => a - b);
  return {
    width,
    scale,
    rootMeanSquare: norm(ratios) / Math.sqrt(draws),
    median: (ratios[Math.floor((draws - 1) / 2)] + ratios[Math.ceil((draws - 1) / 2)]) / 2,
    largest: ratios[draws - 1],
  };
}

/**
 * Gives the root of the expected square of |A(h) - h| / |h|, for a fresh adapter and h of unit variance:
 *     s sqrt( b/2 (N / (N + b) + 1 / (3 b)) / (N + b) + 1 / (3 N) ),  N the width, b the bottleneck.
 * W's entries are uncorrelated with variance 1 / (N + b) whatever the rank, a uniform bias of bound 1/sqrt(n) has variance 1 / (3 n), and
 * half of a symmetric variable's square is left by relu.
 * @throws when a size or the scale is not positive
 * @example expectedRelativeOutput(4096, 64, 1).toFixed(4) // "0.0877"
 * Source: derived here from the starting values of yifanycc/AdaZeta@3659ba3.
 */
export function expectedRelativeOutput(width: number, bottleneck: number, scale: number): number {
  positiveInteger("width", width);
  positiveInteger("bottleneck", bottleneck);
  positiveNumber("scale", scale);
  const active = (width / (width + bottleneck) + 1 / (3 * bottleneck)) / 2;
  return scale * Math.sqrt((bottleneck * active) / (width + bottleneck) + 1 / (3 * width));
}

/**
 * Gives the scale s at which a fresh adapter of this width disturbs its input as strongly as one of the width `like` does at s = 1.
 * @throws when a size is not positive
 * @example matchingScale(576, 64, 4096).toFixed(2) // "0.41"
 */
export function matchingScale(width: number, bottleneck: number, like: number): number {
  return expectedRelativeOutput(like, bottleneck, 1) / expectedRelativeOutput(width, bottleneck, 1);
}

function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ** 2;
  return Math.sqrt(sum);
}

import { fail, positiveInteger } from "../../check/check";
import type { Layout } from "../../tree/layout";
import { matrixOf } from "../../tree/matrix";
import type { DirectionKind, Draw, Here } from "../direction";
import { seededNoise, type Noise } from "../noise";
import type { TensorPart } from "../tensor-part";
import { directionOfParts } from "../tensor-parts";

/** How directions of low rank are made. */
export interface LowRank {
  /** r of every matrix. */
  readonly rank: number;
  /** nu: steps that the right factor is kept for. */
  readonly redraw: number;
}

/**
 * A matrix of each direction is an outer product U V^T, U [rows][r] new with each query, V [columns][r] kept for nu steps; other tensors
 * are standard normals. U and V are standard normals too, so an entry has variance r: a learning rate acts r times as strongly as
 * with Gaussian directions.
 * A tensor with three axes and more is the matrix of its last axis against the others; a matrix of one row or column is a vector.
 * Source: LOZO, arXiv 2410.07698; optsuite/LOZO@5d1ade5 (any scaling by 1 / r is absent there too). Departs: V is a function of the
 *   seed and floor(step / nu), so what moves is what was measured (there it is not: `lowRankUnmeasured`).
 */
export const lowRank = lowRankFrom(seededNoise);

/** Makes the kind with noise of one's own: right factors are asked for as [block, tensor], left ones and vectors as [step, query, tensor]. */
export function lowRankFrom(noise: Noise): DirectionKind<LowRank> {
  return {
    check: checkLowRank,
    fits: (what, { rank }, layout) => fitsRank(what, rank, layout),
    outer: ({ rank }) => rank,
    open: (spec, here) => drawLowRank(noise, spec, here, "left"),
    again: true,
    basis: ({ redraw }, step) => Math.floor(step / redraw),
    kept: "right",
  };
}

function checkLowRank(what: string, { rank, redraw }: LowRank): void {
  positiveInteger(`${what}.rank`, rank);
  positiveInteger(`${what}.redraw`, redraw);
}

/**
 * Checks that a rank is at most the smaller side of each matrix.
 * @throws naming the first tensor that is too small
 */
export function fitsRank(what: string, rank: number, { entries }: Layout): void {
  for (const { name, shape } of entries) {
    const matrix = matrixOf(shape);
    if (matrix === null || rank <= Math.min(matrix.rows, matrix.columns)) continue;
    fail(`${what}.rank`, `at most ${Math.min(matrix.rows, matrix.columns)}, the smaller side of ${name} (${matrix.rows} x ${matrix.columns})`, rank); // prettier-ignore
  }
}

/** Opens the directions of a step, with left factors and vectors from a stream. */
export function drawLowRank(
  noise: Noise,
  { rank, redraw }: LowRank,
  { seed, step, layout }: Here,
  stream: "left" | "unmeasured",
): Draw {
  /** Drawn when they are asked for: a step in factors has them in its point. */
  const rights: Float32Array[] = [];
  const rightOf = (tensor: number, columns: number): Float32Array =>
    (rights[tensor] ??= noise(new Float32Array(columns * rank), seed, "right", Math.floor(step / redraw), tensor));
  return (query) =>
    directionOfParts(
      layout.entries.map((entry, tensor): TensorPart => {
        const drawn = (size: number): Float32Array => noise(new Float32Array(size), seed, stream, step, query, tensor);
        const matrix = matrixOf(entry.shape);
        if (matrix === null) return { kind: "dense", entry, values: drawn(entry.size) };
        return {
          kind: "outer",
          entry,
          ...matrix,
          rank,
          left: drawn(matrix.rows * rank),
          get right() {
            return rightOf(tensor, matrix.columns);
          },
        };
      }),
    );
}

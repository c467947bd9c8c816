import { positiveInteger } from "../../check/check";
import { matrixOf } from "../../tree/matrix";
import type { DirectionKind, Draw, Here } from "../direction";
import { seededNoise, type Noise } from "../noise";
import type { TensorPart } from "../tensor-part";
import { directionOfParts } from "../tensor-parts";
import { fitsRank } from "./low-rank";

/** How many numbers of a matrix are drawn in a step. */
export interface Temporal {
  /** r of every matrix. */
  readonly rank: number;
}

/**
 * A matrix of each direction is U diag(tau) V^T: U [rows][r] and V [columns][r] standard normals, drawn once for the whole run, tau [r] standard
 * normals, new with each query; other tensors are standard normals. An entry has variance r over all draws. A run moves a matrix in r
 * dimensions and no others.
 * A tensor with three axes and more is the matrix of its last axis against the others; a matrix of one row or column is a vector.
 * Source: TeZO, arXiv 2501.19057, in a secondary text's words; no code was found. Its choice of a rank for each matrix was not found: one rank
 *   for all is ours, and so are vectors.
 */
export const temporal = temporalFrom(seededNoise);

/** Makes the kind with noise of one's own: U is asked for as "basis" [tensor], V as "right" [tensor], tau and vectors as "left" [step, query, tensor]. */
export function temporalFrom(noise: Noise): DirectionKind<Temporal> {
  return {
    check: (what, { rank }) => void positiveInteger(`${what}.rank`, rank),
    fits: (what, { rank }, layout) => fitsRank(what, rank, layout),
    outer: ({ rank }) => rank,
    open: (spec, here) => drawTemporal(noise, spec, here),
    kept: "both",
    again: true,
  };
}

function drawTemporal(noise: Noise, { rank }: Temporal, { seed, step, layout }: Here): Draw {
  const factors = layout.entries.map(({ shape }, tensor) => {
    const matrix = matrixOf(shape);
    const kept = (stream: "basis" | "right", size: number): Float32Array =>
      noise(new Float32Array(size * rank), seed, stream, tensor);
    return matrix && { ...matrix, basis: kept("basis", matrix.rows), right: kept("right", matrix.columns) };
  });
  return (query) =>
    directionOfParts(
      layout.entries.map((entry, tensor): TensorPart => {
        const drawn = (size: number): Float32Array => noise(new Float32Array(size), seed, "left", step, query, tensor);
        const kept = factors[tensor];
        if (kept === null) return { kind: "dense", entry, values: drawn(entry.size) };
        const core = drawn(rank);
        const { basis, ...matrix } = kept;
        const left = basis.map((value, at) => value * core[at % rank]);
        return { kind: "outer", entry, ...matrix, rank, left, inner: { basis, core } };
      }),
    );
}

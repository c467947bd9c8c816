import { positiveInteger } from "../../check/check";
import { matrixOf } from "../../tree/matrix";
import type { DirectionKind } from "../direction";
import { seededNoise, type Noise } from "../noise";
import type { TensorPart } from "../tensor-part";
import { directionOfParts } from "../tensor-parts";
import { fitsRank } from "./low-rank";
import type { Temporal } from "./temporal";

/**
 * A matrix of each direction is A B^T / sqrt(r), A [rows][r] and B [columns][r] standard normals, both new with each query; other tensors are
 * standard normals. E[z z^T] = I.
 * A tensor with three axes and more is the matrix of its last axis against the others; a matrix of one row or column is a vector.
 * Source: EGGROLL, arXiv 2511.16652; ESHyperscale/HyperscaleES@b77f7d6 (where other tensors may also be frozen).
 */
export const lowRankFresh = lowRankFreshFrom(seededNoise);

/** Makes the kind with noise of one's own: A and vectors are asked for as "left", B as "right" [step, query, tensor]. */
export function lowRankFreshFrom(noise: Noise): DirectionKind<Temporal> {
  return {
    check: (what, { rank }) => void positiveInteger(`${what}.rank`, rank),
    fits: (what, { rank }, layout) => fitsRank(what, rank, layout),
    again: true,
    outer: ({ rank }) => rank,
    open: ({ rank }, { seed, step, layout }) => {
      const matrices = layout.entries.map(({ shape }) => matrixOf(shape));
      return (query) =>
        directionOfParts(
          layout.entries.map((entry, tensor): TensorPart => {
            const drawn = (stream: "left" | "right", size: number): Float32Array =>
              noise(new Float32Array(size), seed, stream, step, query, tensor);
            const matrix = matrices[tensor];
            if (matrix === null) return { kind: "dense", entry, values: drawn("left", entry.size) };
            const left = drawn("left", matrix.rows * rank).map((value) => value / Math.sqrt(rank));
            return { kind: "outer", entry, ...matrix, rank, left, right: drawn("right", matrix.columns * rank) };
          }),
        );
    },
  };
}

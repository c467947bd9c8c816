import { positiveInteger } from "../../check/check";
import type { Layout } from "../../tree/layout";
import { orthonormalColumns } from "../../tree/orthonormal";
import { matrixOf } from "../../tree/matrix";
import type { DirectionKind, Draw, Here } from "../direction";
import { seededNoise, type Noise } from "../noise";
import type { TensorPart } from "../tensor-part";
import { directionOfParts } from "../tensor-parts";
import { fitsRank, type LowRank } from "./low-rank";

/**
 * A matrix of each direction is P u: P [rows][r] with orthonormal columns, kept for some steps, u [r][columns] standard normals, new with each
 * query; other tensors are standard normals. E |z|^2 of a matrix is r columns.
 * A tensor with three axes and more is the matrix of its last axis against the others; a matrix of one row or column is a vector.
 * What it carries: P of all matrices, one after another.
 * Source: ZO-Muon and Subspace-MeZO, arXiv 2602.17155; OPTML-Group/ZO-Muon@166a8f3. Departs: P is one for all queries of a step, a function of
 *   the seed and the block of steps (there a step that redraws it measures each query along another one, and moves along the last).
 */
export const projected = projectedFrom(seededNoise);

/** Makes the kind with noise of one's own: what P is made orthonormal from is asked for as "basis" [block, tensor], u^T and vectors as "left" [step, query, tensor]. */
export function projectedFrom(noise: Noise): DirectionKind<LowRank> {
  return {
    check(what, { rank, redraw }) {
      positiveInteger(`${what}.rank`, rank);
      positiveInteger(`${what}.redraw`, redraw);
    },
    fits: (what, { rank }, layout) => fitsRank(what, rank, layout),
    outer: ({ rank }) => rank,
    begin: (spec, { seed, step, layout, state }) =>
      "basis" in state.vectors && step % spec.redraw !== 0
        ? state.vectors
        : { basis: basesOf(noise, spec, seed, Math.floor(step / spec.redraw), layout) },
    open: (spec, here) => drawProjected(noise, spec, here),
    again: true,
    basis: ({ redraw }, step) => Math.floor(step / redraw),
    kept: "left",
  };
}

function drawProjected(noise: Noise, { rank }: LowRank, { seed, step, layout, state }: Here): Draw {
  const { basis } = state.vectors;
  return (query) => {
    let at = 0;
    return directionOfParts(
      layout.entries.map((entry, tensor): TensorPart => {
        const drawn = (size: number): Float32Array => noise(new Float32Array(size), seed, "left", step, query, tensor);
        const matrix = matrixOf(entry.shape);
        if (matrix === null) return { kind: "dense", entry, values: drawn(entry.size) };
        const left = basis.subarray(at, (at += matrix.rows * rank));
        return { kind: "outer", entry, ...matrix, rank, left, right: drawn(matrix.columns * rank) };
      }),
    );
  };
}

function basesOf(noise: Noise, { rank }: LowRank, seed: number, block: number, { entries }: Layout): Float32Array {
  const bases = entries.map(({ shape }, tensor) => {
    const rows = matrixOf(shape)?.rows ?? 0;
    return rows === 0
      ? new Float32Array(0)
      : orthonormalColumns(noise(new Float32Array(rows * rank), seed, "basis", block, tensor), rank);
  });
  const all = new Float32Array(bases.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const basis of bases) {
    all.set(basis, at);
    at += basis.length;
  }
  return all;
}

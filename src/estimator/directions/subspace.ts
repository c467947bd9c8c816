import { fail, positiveInteger } from "../../check/check";
import type { Entry, Layout } from "../../tree/layout";
import { orthonormalColumns } from "../../tree/orthonormal";
import { matrixOf, type Matrix } from "../../tree/matrix";
import type { DirectionKind, Draw, Here } from "../direction";
import { seededNoise, type Noise } from "../noise";
import type { Vectors } from "../state";
import type { TensorPart } from "../tensor-part";
import { directionOfParts } from "../tensor-parts";
import { fitsRank } from "./low-rank";

/** How directions in a subspace are made. */
export interface Subspace {
  /** r of every matrix. */
  readonly rank: number;
  /** Steps that a basis is kept for. */
  readonly redraw: number;
  /** Whether a matrix is taken as the most square one of as many numbers, for thin adapters; absent: as it is. */
  readonly reshape?: true;
}

/** A matrix of the layout with the place of its two bases in the vectors that are kept. */
interface Place {
  readonly entry: Entry;
  readonly tensor: number;
  readonly matrix: Matrix;
  readonly left: number;
  readonly right: number;
}

/**
 * A matrix of each direction is sqrt(m n) / r U Z V^T: Z [r][r] standard normals, new with each query, U [m][r] and V [n][r] with
 * orthonormal columns, kept for some steps; other tensors are standard normals. E |z|^2 is that of a Gaussian direction.
 * A tensor with three axes and more is the matrix of its last axis against the others; a matrix of one row or column is a vector.
 * With `reshape` a matrix is rows x columns with rows <= columns, the pair of divisors that are nearest, row by row.
 * Source: SubZero, arXiv 2410.08989; zimingyy/SubZero@cf6effd. Departs: streams are keyed by tensor and purpose.
 */
export const subspace = subspaceFrom(seededNoise);

/**
 * Makes the kind with noise of one's own: what U and V are made orthonormal from is asked for as "basis" and "right" [block, tensor], Z and
 * vectors as "left" [step, query, tensor].
 */
export function subspaceFrom(noise: Noise): DirectionKind<Subspace> {
  return {
    check(what, { rank, redraw, reshape }) {
      positiveInteger(`${what}.rank`, rank);
      positiveInteger(`${what}.redraw`, redraw);
      if (reshape !== undefined && reshape !== true) fail(`${what}.reshape`, "true, or absent", reshape);
    },
    fits(what, spec, layout) {
      fitsRank(what, spec.rank, {
        ...layout,
        entries: layout.entries.map((entry) => ({ ...entry, shape: shapeOf(spec, entry) })),
      });
    },
    begin(spec, here) {
      const kept = here.state.vectors;
      return "left" in kept && here.step % spec.redraw !== 0 ? kept : bases(noise, spec, here);
    },
    open: (spec, here) => drawSubspace(noise, spec, here),
    again: true,
    outer: ({ rank, reshape }) => (reshape ? null : rank),
    basis: ({ redraw }, step) => Math.floor(step / redraw),
    kept: "right",
  };
}

function drawSubspace(noise: Noise, spec: Subspace, { seed, step, layout, state }: Here): Draw {
  const { rank } = spec;
  const { left, right } = state.vectors as Record<"left" | "right", Float32Array>;
  const places = placesOf(spec, layout);
  return (query) =>
    directionOfParts(
      layout.entries.map((entry, tensor): TensorPart => {
        const place = places.find((each) => each.tensor === tensor);
        const drawn = (size: number): Float32Array => noise(new Float32Array(size), seed, "left", step, query, tensor);
        if (place === undefined) return { kind: "dense", entry, values: drawn(entry.size) };
        const { rows, columns } = place.matrix;
        const basis = left.subarray(place.left, place.left + rows * rank);
        return {
          kind: "outer",
          entry,
          rows,
          columns,
          rank,
          left: timesCore(basis, drawn(rank * rank), rank, Math.sqrt(rows * columns) / rank),
          right: right.subarray(place.right, place.right + columns * rank),
          square: 1,
        };
      }),
    );
}

function shapeOf({ reshape }: Pick<Subspace, "reshape">, { shape, size }: Entry): readonly number[] {
  if (!reshape || matrixOf(shape) === null) return shape;
  let rows = Math.floor(Math.sqrt(size));
  while (size % rows !== 0) rows--;
  return [rows, size / rows];
}

function placesOf(spec: Subspace, { entries }: Layout): readonly Place[] {
  let [left, right] = [0, 0];
  return entries.flatMap((entry, tensor) => {
    const matrix = matrixOf(shapeOf(spec, entry));
    if (matrix === null) return [];
    const place = { entry, tensor, matrix, left, right };
    left += matrix.rows * spec.rank;
    right += matrix.columns * spec.rank;
    return [place];
  });
}

/** The bases of the step's block: a function of the seed and floor(step / redraw), so that a run that goes on has them too. */
function bases(noise: Noise, spec: Subspace, { seed, step, layout }: Here): Vectors {
  const block = Math.floor(step / spec.redraw);
  const places = placesOf(spec, layout);
  const all = (side: "left" | "right", length: (matrix: Matrix) => number): Float32Array => {
    const vectors = places.map(({ tensor, matrix }) =>
      orthonormalColumns(
        noise(new Float32Array(length(matrix) * spec.rank), seed, side === "left" ? "basis" : "right", block, tensor),
        spec.rank,
      ),
    );
    const out = new Float32Array(vectors.reduce((sum, { length: size }) => sum + size, 0));
    places.forEach((place, i) => out.set(vectors[i], place[side]));
    return out;
  };
  return { left: all("left", ({ rows }) => rows), right: all("right", ({ columns }) => columns) };
}

/** by U Z [rows][r]. */
function timesCore(basis: Float32Array, core: Float32Array, rank: number, by: number): Float32Array {
  return Float32Array.from(basis, (_, at) => {
    const [row, column] = [Math.floor(at / rank), at % rank];
    let sum = 0;
    for (let k = 0; k < rank; k++) sum += basis[row * rank + k] * core[k * rank + column];
    return by * sum;
  });
}

import { positiveNumber } from "../../check/check";
import { matrixOf } from "../../tree/matrix";
import type { Layout } from "../../tree/layout";
import type { Piece, TransformKind } from "../transform";

/** What factored second moments are set by. */
export interface Factored {
  /** 0.8: the share of the past in step t is 1 - t^(-exponent). */
  readonly exponent: number;
  /** e1, added to each square. */
  readonly epsilon: number;
  /** d: the largest root mean square of a tensor's update. */
  readonly clip: number;
}

/** Where a tensor's moments stand: its rows' and columns', or one of each number. */
interface Place {
  readonly rows: number;
  readonly columns: number;
  readonly row: number;
  readonly column: number;
  readonly vector: number;
}

/**
 * Normalises a gradient by second moments of which a matrix keeps its rows' and columns' alone:
 *     q = g^2 + e1,  R <- b R + (1 - b) mean over columns of q,  C <- b C + (1 - b) mean over rows of q,  b = 1 - t^(-0.8)
 *     u_ij = g_ij / sqrt(R_i C_j / mean(R));  a vector keeps V <- b V + (1 - b) q and has u = g / sqrt(V)
 *     g <- u / max(1, RMS(u) / d)
 * Moments are rounded to float32 as they are stored. A tensor with three axes and more is the matrix of its last axis against the others.
 * Source: AdaLomo, arXiv 2310.10195; OpenLMLab/LOMO@45d4bac, lomo_optim/adalomo.py. Departs: tensors of more than two axes are handled.
 */
export const factored: TransformKind<Factored> = {
  check(what, spec) {
    for (const name of ["exponent", "epsilon", "clip"] as const) positiveNumber(`${what}.${name}`, spec[name]);
  },
  whole: true,
  vectors: (_spec, layout) => {
    const places = [...placesOf(layout).values()];
    const sum = (of: (place: Place) => number): number => places.reduce((total, place) => total + of(place), 0);
    return {
      row: sum(({ rows, columns }) => (columns > 0 ? rows : 0)),
      column: sum(({ columns }) => columns),
      vector: sum(({ rows, columns }) => (columns > 0 ? 0 : rows)),
    };
  },
  open({ exponent, epsilon, clip }, { count, state, next, layout }) {
    const places = placesOf(layout);
    const keep = 1 - count ** -exponent;
    const blend = (name: "row" | "column" | "vector", at: number, mean: number): number =>
      (next[name][at] = keep * state.vectors[name][at] + (1 - keep) * mean);
    return (piece) => {
      const place = places.get(piece.entry.name)!;
      if (place.columns > 0) overMatrix(piece, place, epsilon, blend);
      else
        for (let k = 0; k < piece.update.length; k++)
          piece.update[k] /= Math.sqrt(blend("vector", place.vector + k, piece.update[k] ** 2 + epsilon));
      bound(piece.update, clip);
    };
  },
};

function overMatrix(
  { update }: Piece,
  { rows, columns, row, column }: Place,
  epsilon: number,
  blend: (name: "row" | "column", at: number, mean: number) => number,
): void {
  const [byRow, byColumn] = [new Float64Array(rows), new Float64Array(columns)];
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const square = update[i * columns + j] ** 2 + epsilon;
      byRow[i] += square / columns;
      byColumn[j] += square / rows;
    }
  for (let i = 0; i < rows; i++) byRow[i] = blend("row", row + i, byRow[i]);
  for (let j = 0; j < columns; j++) byColumn[j] = blend("column", column + j, byColumn[j]);
  const mean = byRow.reduce((sum, value) => sum + value, 0) / rows;
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) update[i * columns + j] /= Math.sqrt((byRow[i] * byColumn[j]) / mean);
}

/** u <- u / max(1, RMS(u) / d). */
function bound(update: Float64Array, clip: number): void {
  const rms = Math.sqrt(update.reduce((sum, value) => sum + value * value, 0) / update.length);
  const by = Math.max(1, rms / clip);
  if (by > 1) for (let k = 0; k < update.length; k++) update[k] /= by;
}

/** Where each tensor's moments stand; `columns` 0: a vector. */
function placesOf({ entries }: Layout): ReadonlyMap<string, Place> {
  let [row, column, vector] = [0, 0, 0];
  return new Map(
    entries.map(({ name, shape, size }) => {
      const matrix = matrixOf(shape);
      const place = { ...(matrix ?? { rows: size, columns: 0 }), row, column, vector };
      if (matrix === null) vector += size;
      else [row, column] = [row + matrix.rows, column + matrix.columns];
      return [name, place] as const;
    }),
  );
}

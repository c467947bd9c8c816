import { positiveInteger } from "../check/check";
import { randomKey } from "../random/key";
import { normals } from "../random/normals";
import { reconstruct } from "./contract";
import { trainParameters } from "./counts";
import { initialTrain } from "./initial";
import { matrix, multiply, type Matrix } from "./matrix";
import { matrixSize, type Modes } from "./modes";
import { uniformRanks } from "./train";
import { fullRanks, relativeError, ttSvd } from "./tt-svd";

/** The nearest train of one rank to a matrix. */
export interface Approximation {
  /** Asked for; between cores that can use no more than a smaller one, the train has the smaller one. */
  readonly rank: number;
  readonly parameters: number;
  /** |W - train| / |W| in the Frobenius norm. */
  readonly error: number;
}

/**
 * Says how much of a matrix trains of growing rank miss, by TT-SVD.
 * For example `approximationErrors(w, { inputs: [4, 4], outputs: [4, 4] }, [1, 16])[1].error`: below 1e-6: full rank.
 * @throws when the modes do not multiply to w's sizes, or a rank is not positive
 */
export function approximationErrors(w: Matrix, modes: Modes, ranks: readonly number[]): readonly Approximation[] {
  const full = fullRanks(modes);
  return ranks.map((rank) => {
    const useful = uniformRanks(modes, rank).map((own, i) => Math.min(own, full[i]));
    return {
      rank,
      parameters: trainParameters(modes, useful),
      error: relativeError(w, reconstruct(ttSvd(w, modes, useful))),
    };
  });
}

/** What a matrix of the comparison is made of. */
export type SampleKind = "train" | "low rank" | "dense";

/**
 * Makes a random matrix of the modes' sizes to approximate: "train" a tensor train of this rank, "low rank" a product [inputs, rank] [rank, outputs]
 * of normal factors (what LoRA trains), "dense" independent normals, whose rank is full.
 * @throws when the rank is not a positive integer
 */
export function sampleMatrix(kind: SampleKind, modes: Modes, rank: number, seed: number): Matrix {
  positiveInteger("rank", rank);
  const [inputs, outputs] = matrixSize(modes);
  const gaussian = (rows: number, columns: number, index: number): Matrix =>
    matrix(rows, columns, normals(randomKey(seed, "check", index), rows * columns));
  switch (kind) {
    case "train":
      return reconstruct(initialTrain(modes, rank, seed, 0));
    case "low rank":
      return multiply(gaussian(inputs, rank, 0), gaussian(rank, outputs, 1));
    case "dense":
      return gaussian(inputs, outputs, 2);
  }
}

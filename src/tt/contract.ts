import { matrix, multiply, reshaped, type Matrix } from "./matrix";
import { matrixSize } from "./modes";
import { coreShapes, type TensorTrain } from "./train";

/** The two halves of a train: W = left right. */
export interface Halves {
  /** [inputs, rank]. */
  readonly left: Matrix;
  /** [rank, outputs]. */
  readonly right: Matrix;
}

/**
 * Contracts the input cores to L [inputs, r] and the output cores to R [r, outputs], r the rank between them.
 * Nothing of the size of W is formed.
 * For example `contract(train).left.rows`: the inputs.
 * Source: yifanycc/AdaZeta@3659ba3. Departs: the split lies between inputs and outputs, not at d / 2, so an odd number of modes works.
 */
export function contract(train: TensorTrain): Halves {
  const [inputs, outputs] = matrixSize(train.modes);
  const split = train.modes.inputs.length;
  const rank = train.ranks[split];
  return {
    left: reshaped(chain(train, 0, split), inputs, rank),
    right: reshaped(chain(train, split, train.cores.length), rank, outputs),
  };
}

/**
 * Gives the fast-forward product y = (x L) R, a row of x at a time in float64.
 * @param x [rows, inputs], one row included
 * @returns y [rows, outputs]
 * @throws when x has not as many columns as there are inputs
 */
export function fastForward(x: Matrix, halves: Halves): Matrix {
  return multiply(multiply(x, halves.left), halves.right);
}

/** Computes W [inputs, outputs] from all cores, one after another. */
export function reconstruct(train: TensorTrain): Matrix {
  return reshaped(chain(train, 0, train.cores.length), ...matrixSize(train.modes));
}

/** Counts the multiply-adds of one row through the halves, and through the dense matrix. At rank 5 and 4096 x 64 these are 20,800 and 262,144. */
export function multiplications(train: Pick<TensorTrain, "modes" | "ranks">): {
  readonly halves: number;
  readonly dense: number;
} {
  const [inputs, outputs] = matrixSize(train.modes);
  return { halves: train.ranks[train.modes.inputs.length] * (inputs + outputs), dense: inputs * outputs };
}

/** Cores from..to-1 contracted: [rankLeft * modes.., rankRight]. */
function chain(train: TensorTrain, from: number, to: number): Matrix {
  const shapes = coreShapes(train.modes, train.ranks);
  const [left, mode, right] = shapes[from];
  let result = matrix(left * mode, right, train.cores[from]);
  for (let i = from + 1; i < to; i++) {
    const [rankLeft, next, rankRight] = shapes[i];
    const grown = multiply(result, matrix(rankLeft, next * rankRight, train.cores[i]));
    result = reshaped(grown, grown.rows * next, rankRight);
  }
  return result;
}

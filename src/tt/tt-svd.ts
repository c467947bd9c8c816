import { reshaped, type Matrix } from "./matrix";
import { checkModes, matrixSize, type Modes } from "./modes";
import { svd } from "./svd";
import { coreShapes, tensorTrain, type TensorTrain } from "./train";

/**
 * Gives the tensor train of given ranks nearest (to within a factor sqrt(d - 1)) to a dense matrix: at each core the rest is cut to its r
 * largest singular values. Exact where the ranks are at least those of the matrix's unfoldings; ranks above them are
 * filled with zeros, so the cores always have the asked shapes.
 * For example `reconstruct(ttSvd(w, { inputs: [4, 4], outputs: [4] }, 16))`: w, to the precision of float32.
 * @param w [inputs, outputs]
 * @param rank one number, or all d + 1 ranks
 * @throws when the modes do not multiply to w's sizes, or a rank breaks a rule
 * Source: Oseledets, "Tensor-Train Decomposition", SIAM J. Sci. Comput. 33 (2011), algorithm 1.
 */
export function ttSvd(w: Matrix, modes: Modes, rank: number | readonly number[]): TensorTrain {
  checkModes("modes", modes, w.rows, w.columns);
  const shapes = coreShapes(modes, rank);
  let rest = reshaped(w, 1, w.rows * w.columns);
  const cores = shapes.map(([left, mode, right], i) => {
    const core = new Float32Array(left * mode * right);
    if (i === shapes.length - 1) {
      core.set(rest.data); // [left, mode]
      return core;
    }
    const { u, values, vt } = svd(reshaped(rest, left * mode, rest.data.length / (left * mode)));
    const kept = Math.min(right, values.length);
    for (let row = 0; row < left * mode; row++) {
      for (let j = 0; j < kept; j++) core[row * right + j] = u.data[row * u.columns + j];
    }
    const data = new Float64Array(right * vt.columns);
    for (let j = 0; j < kept; j++) {
      for (let column = 0; column < vt.columns; column++) {
        data[j * vt.columns + column] = values[j] * vt.data[j * vt.columns + column];
      }
    }
    rest = { rows: right, columns: vt.columns, data };
    return core;
  });
  return tensorTrain(modes, [1, ...shapes.map(([, , right]) => right)], cores);
}

/** Computes |A - B| / |A| in the Frobenius norm: how much of a matrix a train misses. */
export function relativeError(a: Matrix, b: Matrix): number {
  let [missed, all] = [0, 0];
  for (let i = 0; i < a.data.length; i++) {
    missed += (a.data[i] - b.data[i]) ** 2;
    all += a.data[i] ** 2;
  }
  return Math.sqrt(missed / all);
}

/** Gives the largest ranks that a train of these modes can use: min of the products of the modes on either side. */
export function fullRanks(modes: Modes): readonly number[] {
  const [inputs, outputs] = matrixSize(modes);
  const list = [...modes.inputs, ...modes.outputs];
  return Array.from({ length: list.length + 1 }, (_, i) => {
    const left = list.slice(0, i).reduce((a, b) => a * b, 1);
    return Math.min(left, (inputs * outputs) / left);
  });
}

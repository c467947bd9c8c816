import type { RandomKey } from "../random/key";
import { randomKey } from "../random/key";
import { normals } from "../random/normals";
import { uniforms } from "../random/uniforms";
import { allModes, coreShapes, tensorTrain, type TensorTrain } from "./train";
import { matrixSize, type Modes } from "./modes";

/**
 * Gives the standard deviation of a core's starting values, r_right^(-1/2) sigma^(1/d) with sigma = sqrt(1 / (inputs + outputs)), chosen so that
 * the entries of W have mean 0 and standard deviation sigma.
 * @param shape of the core, [rankLeft, mode, rankRight]
 * @example coreDeviation({ inputs: [16, 16, 16], outputs: [4, 4, 4] }, [5, 16, 5]).toFixed(4) // "0.2233"
 * Source: yifanycc/AdaZeta@3659ba3.
 */
export function coreDeviation(modes: Modes, shape: readonly [number, number, number]): number {
  return matrixDeviation(modes) ** (1 / allModes(modes).length) / Math.sqrt(shape[2]);
}

/** Computes sigma = sqrt(1 / (inputs + outputs)), the standard deviation of W's entries at the start. */
export function matrixDeviation(modes: Modes): number {
  const [inputs, outputs] = matrixSize(modes);
  return Math.sqrt(1 / (inputs + outputs));
}

/**
 * Makes a train of independent normal cores N(0, coreDeviation^2); core i is drawn from (seed, index, i).
 * For example `initialTrain({ inputs: [8, 8, 16], outputs: [8, 8] }, 5, 0, 0)`.
 * @param index which matrix of the model this is
 */
export function initialTrain(modes: Modes, rank: number | readonly number[], seed: number, index: number): TensorTrain {
  const shapes = coreShapes(modes, rank);
  const cores = shapes.map((shape, i) => {
    const [left, mode, right] = shape;
    const deviation = coreDeviation(modes, shape);
    return normals(randomKey(seed, "initialization", index, i), left * mode * right).map((z) => z * deviation);
  });
  return tensorTrain(modes, [1, ...shapes.map(([, , right]) => right)], cores);
}

/** Makes a dense bias [outputs], uniform in +-1 / sqrt(outputs). Source: yifanycc/AdaZeta@3659ba3. */
export function initialBias(outputs: number, key: RandomKey): Float32Array {
  return uniforms(key, outputs).map((u) => (2 * u - 1) / Math.sqrt(outputs));
}

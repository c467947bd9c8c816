import { fail } from "../../check/check";
import { drawStored, type DirectionKind, type Draw, type Here } from "../direction";
import { seededNoise, type Noise } from "../noise";
import type { Vectors } from "../state";

/** How the diagonal is learned. */
export interface LearnedDiagonal {
  /** b: the share of each step's curvature in sigma. */
  readonly smoothing: number;
}

/**
 * z / sqrt(sigma), z standard normals, sigma [d] a running estimate of the Hessian's diagonal, 1 at the start:
 *     sigma' = (1 - b) sigma + b mean_q |c_q| sigma z_q^2,  c_q = (L+ + L- - 2 L0) / (2 epsilon^2), the probe's further number
 * Losses are measured along z / sqrt(sigma), the update is made of z / sqrt(sigma').
 * Source: HiZOO, arXiv 2402.15173; Yanjun-Zhao/HiZOO@4f99055 (its default b is 0, with which sigma never moves). Departs: with several
 *   queries the mean of their curvatures; there is one query there.
 */
export const learnedDiagonal = learnedDiagonalFrom(seededNoise);

/** Makes the kind with noise of one's own: z is asked for as [step, query]. */
export function learnedDiagonalFrom(noise: Noise): DirectionKind<LearnedDiagonal> {
  const open = (_spec: LearnedDiagonal, here: Here): Draw => scaled(noise, here);
  return {
    check(what, { smoothing }) {
      // With 1 a step of no curvature would leave no sigma to divide by.
      if (typeof smoothing !== "number" || !(smoothing >= 0 && smoothing < 1))
        fail(`${what}.smoothing`, "a share from 0 to below 1", smoothing);
    },
    begin: (_spec, { state, layout }) =>
      "sigma" in state.vectors ? state.vectors : { sigma: new Float32Array(layout.size).fill(1) },
    open,
    learn({ smoothing }, here, { projectedGradients, further = [] }): Vectors {
      const sigma = sigmaOf(here);
      const queries = projectedGradients.length;
      if (further.length !== queries)
        fail("probe", "one that measures the curvature of each query (three-point)", `${further.length} curvatures`);
      const rise = new Float64Array(sigma.length);
      const z = new Float32Array(sigma.length);
      for (let query = 0; query < queries; query++) {
        noise(z, here.seed, "direction", here.step, query);
        for (let i = 0; i < z.length; i++) rise[i] += (Math.abs(further[query]) * z[i] ** 2) / queries;
      }
      return { sigma: sigma.map((value, i) => (1 - smoothing) * value + smoothing * rise[i] * value) };
    },
    curvature: true,
    formed: open,
  };
}

function scaled(noise: Noise, here: Here): Draw {
  const sigma = sigmaOf(here);
  return drawStored((query, out) => {
    noise(out, here.seed, "direction", here.step, query);
    for (let i = 0; i < out.length; i++) out[i] /= Math.sqrt(sigma[i]);
  });
}

function sigmaOf({ state }: Here): Float32Array {
  return state.vectors["sigma"] ?? fail("state", "the learned diagonal", "none");
}

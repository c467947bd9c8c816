import { fail, heldNumber, positiveInteger } from "../../check/check";
import { randomKey } from "../../random/key";
import { normalsInto } from "../../random/normals";
import { axpyInto, norm } from "../../tree/vector";
import { meanOverParts, needsParts, partsOf } from "../batch-parts";
import type { Estimate, ProbeKind } from "../probe";
import type { Vectors } from "../state";
import { gradientOf } from "./backpropagation";

/** Where workers look, and what each of them needs. */
const DIRECTIONS = ["own-past", "mean-past", "noise", "extragradient"] as const;

/** How workers' points are moved away from the weights. */
export interface ExtrapolatedGradients {
  /**
   * Along what a worker's point is moved: its own gradient of the step before, the mean of all workers' of the step before, normals as long as its own
   * last gradient, or the gradient that it has right there (a second one).
   */
  readonly direction: (typeof DIRECTIONS)[number];
  /** How far, as a share of the learning rate. */
  readonly reach: number;
  /** K: parts of the batch, each of them a worker's. */
  readonly workers: number;
}

/**
 * Takes each worker's gradient where its extrapolation leads, and their mean as the gradient at the weights:
 *     w_k = w - reach lr e_k,  g_k = grad L_k(w_k),  g = sum_k share_k g_k
 *     own-past: e_k = g'_k, mean-past: e_k = g', noise: e_k = |g'_k| n_k / |n_k|, extragradient: e_k = grad L_k(w)
 * where ' is the step before, and L_k the loss on part k of the batch. In the first step, and for a worker that the last batch was too small for, e_k = 0.
 * K forward and K backward passes, twice as many with `extragradient`. The step's loss is the mean at the w_k. What it carries: K vectors [d], one
 * vector, K lengths, or nothing.
 * Source: extrapolated SGD, arXiv 2006.05720, by its abstract and a summary: the direction may be a past gradient or noise; each worker's is its own.
 *   Departs: its text was not found; the reach as a share of the rate, and noise of the past gradient's length, are ours.
 */
export const extrapolatedGradients: ProbeKind<ExtrapolatedGradients> = {
  check(what, { direction, reach, workers }) {
    if (!DIRECTIONS.includes(direction)) fail(`${what}.direction`, DIRECTIONS.join(", "), direction);
    heldNumber(`${what}.reach`, reach);
    positiveInteger(`${what}.workers`, workers);
  },
  passes: ({ direction, workers }) => ({ once: (direction === "extragradient" ? 2 : 1) * workers, perQuery: 0 }),
  needs({ workers }, objective) {
    gradientOf(objective);
    needsParts("probe.workers", workers, objective);
  },
  exact: true,
  carried: ({ direction, workers }, size) =>
    ({ "own-past": workers * size, "mean-past": size, noise: workers, extragradient: 0 })[direction],
  async measure(spec, objective, point, { batch, at }, workspace): Promise<Estimate> {
    const { direction, reach, workers } = spec;
    const { seed, step, learningRate, carried } = at;
    const ask = gradientOf(objective);
    const { gradient } = workspace;
    const parts = partsOf("probe.workers", objective, batch, workers);
    const along = (e: Float32Array, length = 1): Float32Array => {
      const moved = workspace.buffer(0);
      axpyInto(moved, -reach * learningRate * length, e, point);
      return moved;
    };
    const own: Record<string, Float32Array> = { ...(direction === "own-past" && carried) };
    const lengths = carried["lengths"]?.slice() ?? new Float32Array(workers);
    const centre = (worker: number): Float32Array => {
      if (direction === "noise") {
        if (lengths[worker] === 0) return point;
        const noise = workspace.buffer(1);
        normalsInto(randomKey(seed, "extrapolating", step, worker), noise);
        return along(noise, lengths[worker]! / norm(noise));
      }
      const past = carried[direction === "mean-past" ? "mean" : nameOf(worker)];
      return past === undefined ? point : along(past);
    };
    const loss = await meanOverParts(parts, gradient, async (part, worker) => {
      const first = direction === "extragradient" ? await ask(point, part) : null;
      const found = await ask(first === null ? centre(worker) : along(first.gradient), part);
      if (direction === "own-past") own[nameOf(worker)] = found.gradient.slice();
      if (direction === "noise") lengths[worker] = norm(found.gradient);
      return first === null || Number.isFinite(first.loss) ? found : { ...found, loss: first.loss };
    });
    const next: Readonly<Record<typeof direction, () => Vectors>> = {
      "own-past": () => own,
      "mean-past": () => ({ mean: gradient.slice() }),
      noise: () => ({ lengths }),
      extragradient: () => ({}),
    };
    const passes = (direction === "extragradient" ? 2 : 1) * parts.length;
    return {
      projectedGradients: [],
      loss,
      forwardPasses: passes,
      backwardPasses: passes,
      gradientNorm: norm(gradient),
      carried: next[direction](),
    };
  },
};

const nameOf = (worker: number): string => `worker-${worker}`;

import { perturbation } from "../../check/check";
import type { RoundsKind, Term } from "./round";

/** What conservative steps are set by. */
export interface Conservative {
  /** epsilon of the first round. */
  readonly perturbationScale: number;
}

/**
 * Looks before it moves: a two-sided estimate and the loss at theta, then the losses one step ahead, theta - lr g, and one step back,
 * theta + lr g; of the three points the lowest is taken. 2 Q + 3 forward passes.
 * Source: ZO-Bench/ZO-LLM@bf210fa, zo_conserv_step (Q = 1 there), with its comparisons where losses are equal.
 */
export const conservative: RoundsKind<Conservative> = {
  check: (what, { perturbationScale }) => void perturbation(`${what}.perturbationScale`, perturbationScale),
  apart: true,
  passes: () => ({ once: 3, perQuery: 2 }),
  *run({ perturbationScale: epsilon }, { queries, learningRate }) {
    const all = Array.from({ length: queries }, (_, query) => query);
    const [here, ...losses] = yield [[], ...all.flatMap((query) => [epsilon, -epsilon].map((by) => [{ by, query }]))];
    const projectedGradients = all.map((query) => (losses[2 * query] - losses[2 * query + 1]) / (2 * epsilon));
    const weights = projectedGradients.map((p) => p / queries);
    const step = (by: number): readonly Term[] =>
      weights.map((weight, query) => ({ by: by * learningRate * weight, query }));
    const [ahead, back] = yield [step(-1), step(1)];
    const taken = taking(here, ahead, back);
    return { projectedGradients, weights: weights.map((weight) => taken * weight), loss: here };
  },
};

/** 1 for the step, -1 for the one opposite, 0 to stay: the lowest of the three. */
function taking(here: number, ahead: number, back: number): 1 | 0 | -1 {
  if (ahead > here) return here < back ? 0 : -1;
  return ahead < back ? 1 : -1;
}

import { fail, perturbation, positiveInteger, positiveNumber } from "../../check/check";
import { readPast, writtenPast } from "../past";
import type { RoundsKind, Term } from "./round";
import { mean } from "../../tree/mean";

/** What variance-reduced steps are set by. */
export interface VarianceReduced {
  /** epsilon. */
  readonly perturbationScale: number;
  /** Steps from one snapshot to the next. */
  readonly every: number;
  /** Batches in the large one: those of a snapshot's step and the ones after it. */
  readonly batches: number;
  /** Rate of the steps between snapshots, as a share of the learning rate. */
  readonly miniRate: number;
}

/**
 * A large batch now and then, and a control variate between:
 *     every so many steps  w_ref = theta,  G = (1/Q) sum_q P_q Z_q on the large batch,  g = G
 *     in the others        g = miniRate ((1/Q) sum_q (p_q - p_ref,q) z_q + G)
 * All numbers are two-sided, p at theta and p_ref at w_ref along the same z on the same batch; a loss on the large batch is the mean of its batches'.
 * 2 Q k forward passes where there are k batches in the large one, 4 Q in the others. What it carries: w_ref [d], and G as the numbers that its
 * directions are drawn again with, in float32.
 * Source: MeZO-SVRG, arXiv 2404.08080; amazon-science/mezo_svrg@002e156. Departs: w_ref is a copy and z is one for both (there w_ref is the weights
 *   themselves, and the two numbers are along different z); the large batch is made of the batches to come, not of all examples; rates are not
 *   divided when the loss rises.
 */
export const varianceReduced: RoundsKind<VarianceReduced> = {
  check(what, spec) {
    perturbation(`${what}.perturbationScale`, spec.perturbationScale);
    positiveInteger(`${what}.every`, spec.every);
    positiveInteger(`${what}.batches`, spec.batches);
    positiveNumber(`${what}.miniRate`, spec.miniRate);
  },
  passes: ({ every, batches }) => ({
    ...{ once: 0, perQuery: 4 },
    every: { steps: every, at: 0, once: 0, perQuery: 2 * batches },
  }),
  again: true,
  beyond: true,
  *run({ perturbationScale: epsilon, every, batches, miniRate }, { queries, step, point, carried }) {
    const all = Array.from({ length: queries }, (_, query) => query);
    const ends: readonly (readonly Term[])[] = all.flatMap((query) => [epsilon, -epsilon].map((by) => [{ by, query }]));
    const numbers = (losses: readonly number[]): readonly number[] =>
      all.map((query) => (losses[2 * query] - losses[2 * query + 1]) / (2 * epsilon));
    if (step % every === 0) {
      const large = ends.map(() => 0);
      for (let batch = step; batch < step + batches; batch++) {
        const losses = yield ends.map((terms) => ({ terms, batch }));
        losses.forEach((loss, i) => (large[i] += loss / batches));
      }
      const projectedGradients = numbers(large);
      const weights = projectedGradients.map((p) => p / queries);
      const snapshot = { snapshot: point.slice(), past: writtenPast([{ step, numbers: weights }]) };
      return { projectedGradients, weights, loss: mean(large), carried: snapshot };
    }
    const { snapshot: from, past } = carried;
    if (from === undefined) return fail("state", `the snapshot of step ${step - (step % every)}`, "none");
    const losses = yield [...ends, ...ends.map((terms) => ({ terms, from }))];
    const [here, there] = [losses.slice(0, ends.length), losses.slice(ends.length)];
    const [projectedGradients, reference] = [numbers(here), numbers(there)];
    const weights = projectedGradients.map((p, query) => (miniRate * (p - reference[query])) / queries);
    const beyond = readPast(past).flatMap(({ step: then, numbers: full }) =>
      full.map((weight, query) => ({ by: miniRate * weight, query, step: then })),
    );
    return { projectedGradients, weights, beyond, loss: mean(here), carried };
  },
};

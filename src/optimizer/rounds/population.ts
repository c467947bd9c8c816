import { fail, perturbation } from "../../check/check";
import { weightsOf } from "../../estimator/combine";
import type { Ask, RoundsEnd, RoundsKind } from "./round";
import { mean } from "../../tree/mean";

/** What a population is set by. */
export interface Population {
  /** sigma: how far its members are from theta. */
  readonly perturbationScale: number;
  /**
   * Members are compared on each text apart, by z-scores or by centred ranks, and a member's fitness is the mean over texts: a text on which all
   * members do alike says nothing, and one whose numbers are large has no more to say than another. Absent: by the batch's mean.
   */
  readonly groups?: keyof typeof fitnessKinds;
}

/** How each member's loss becomes its fitness among all of a group: larger is better. */
const fitnessKinds = {
  /** (mean - L) / sqrt(var + 1e-5), as without groups. */
  "z-score": (losses: readonly number[]) => {
    const { centre, deviation } = spreadOf(losses);
    return losses.map((loss) => (centre - loss) / deviation);
  },
  /** The centred rank, from -1/2 to 1/2. */
  rank: (losses: readonly number[]) => weightsOf({ kind: "rank" }, losses).map((weight) => 0 - weight * losses.length),
} as const;

/** The mean, and sqrt(var + 1e-5) over all, 1 / N. */
function spreadOf(losses: readonly number[]): { readonly centre: number; readonly deviation: number } {
  const centre = mean(losses);
  const variance = mean(losses.map((loss) => (loss - centre) ** 2));
  return { centre, deviation: Math.sqrt(variance + 1e-5) };
}

/**
 * A population of N = 2 Q members theta +- sigma z_q, each fit by how far its loss is below the mean of all of them:
 *     f = (mean - L) / sqrt(var + 1e-5),  g = -(1 / sqrt(N)) sum_q (f_q+ - f_q-) z_q
 * The variance is over all members, 1 / N. 2 Q forward passes. The step's loss is the mean. With `groups` f is the mean over the batch's texts of what
 * each text alone gives it: a prompt's group, as in GRPO (arXiv 2402.03300).
 * Source: EGGROLL, arXiv 2511.16652; ESHyperscale/HyperscaleES@b77f7d6, whose rate is this one over sigma.
 */
export const population: RoundsKind<Population> = {
  check(what, { perturbationScale, groups }) {
    perturbation(`${what}.perturbationScale`, perturbationScale);
    if (groups !== undefined && !Object.hasOwn(fitnessKinds, groups))
      fail(`${what}.groups`, `${Object.keys(fitnessKinds).join(" or ")}, or none`, groups);
  },
  needs(what, { groups }, { each, without }) {
    if (groups !== undefined && each === undefined)
      fail(`${what}.groups`, "none: the objective has no number for each text", without ?? "one for the batch");
  },
  passes: () => ({ once: 0, perQuery: 2 }),
  apart: true,
  *run({ perturbationScale: sigma, groups }, { queries }) {
    if (groups !== undefined) return yield* grouped(sigma, fitnessKinds[groups], queries);
    const losses: number[] = [];
    for (let query = 0; query < queries; query++)
      losses.push(...(yield [[{ by: sigma, query }], [{ by: -sigma, query }]]));
    const { centre, deviation } = spreadOf(losses);
    const differences = Array.from({ length: queries }, (_, query) => losses[2 * query] - losses[2 * query + 1]);
    const by = Math.sqrt(losses.length) * deviation;
    return {
      projectedGradients: differences.map((difference) => difference / (2 * sigma)),
      weights: differences.map((difference) => difference / by),
      loss: centre,
    };
  },
};

function* grouped(
  sigma: number,
  fitness: (losses: readonly number[]) => readonly number[],
  queries: number,
): Generator<Ask, RoundsEnd, readonly number[]> {
  /** [members][texts] */
  const losses: (readonly number[])[] = [];
  for (let query = 0; query < queries; query++) {
    const pair = [sigma, -sigma].map((by) => ({ terms: [{ by, query }], each: true as const }));
    const [texts = 0, ...found] = yield pair;
    losses.push(...pair.map((_, i) => found.slice(i * texts, (i + 1) * texts)));
  }
  const texts = losses[0]?.length ?? 0;
  const members = losses.map(() => 0);
  for (let b = 0; b < texts; b++)
    fitness(losses.map((member) => member[b]!)).forEach((f, m) => (members[m] += f / texts));
  const means = losses.map(mean);
  const each = <T>(of: (ahead: number, behind: number) => T): readonly T[] =>
    Array.from({ length: queries }, (_, query) => of(2 * query, 2 * query + 1));
  return {
    projectedGradients: each((ahead, behind) => (means[ahead]! - means[behind]!) / (2 * sigma)),
    weights: each((ahead, behind) => (members[behind]! - members[ahead]!) / Math.sqrt(losses.length)),
    loss: mean(means),
  };
}

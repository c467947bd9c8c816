import { compose, type MezoOptions } from "../compose";
import type { Method } from "../method";

/**
 * EGGROLL: an evolution strategy whose noise is of low rank, in pairs of members on either side.
 * @throws naming the option that is out of range
 * @example eggroll().directions // { kind: "low-rank-fresh", rank: 1 }
 * Source: arXiv 2511.16652; ESHyperscale/HyperscaleES@b77f7d6 (rank 1, sigma 1e-3; 8 members a prompt, so 4 pairs here). Its rate is this one over
 *   sigma. Departs: losses in place of fitness, noise that is new at each step (there the setting 0 keeps one for ever).
 */
export function eggroll({
  rank = 1,
  queries = 4,
  perturbationScale = 1e-3,
  groups,
  ...options
}: Omit<MezoOptions, "estimator" | "chunk"> & {
  /** r, default 1. */
  readonly rank?: number;
  /** Compares members on each text apart; default: by the batch's mean. */
  readonly groups?: "z-score" | "rank";
} = {}): Method {
  const rounds = { kind: "population", perturbationScale, ...(groups !== undefined && { groups }) } as const;
  return compose("eggroll", { directions: { kind: "low-rank-fresh", rank }, queries, rounds }, options);
}

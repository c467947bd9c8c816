import { compose, type MezoOptions } from "../compose";
import type { Method } from "../method";

/**
 * MeZO-GV: candidates are looked at first; the step is measured along the difference of the low ones and the high ones.
 * @throws naming the option that is out of range
 * @example mezoGv().rounds // { kind: "guided", perturbationScale: 0.001, elite: 0.5 }
 * Source: arXiv 2601.04710; stan-anony/MeZO-GV@70a2551 (2 candidates, epsilon 1e-3, eta 2e-7, in its script 1e-6).
 */
export function mezoGv({
  queries = 2,
  elite = 0.5,
  perturbationScale = 1e-3,
  ...options
}: Omit<MezoOptions, "estimator" | "chunk"> & {
  /** Share of the candidates that count as low, default 0.5. */
  readonly elite?: number;
} = {}): Method {
  const rounds = { kind: "guided", perturbationScale, elite } as const;
  return compose("mezo-gv", { directions: { kind: "gaussian" }, queries, rounds }, options);
}

/**
 * MeZO-Greedy: candidates are looked at first; the step is measured along the lowest.
 * @throws naming the option that is out of range
 * @example mezoGreedy({ queries: 4 }).rounds // { kind: "guided", perturbationScale: 0.001 }
 * Source: arXiv 2601.04710, by its abstract; 2 candidates as MeZO-GV has in its code.
 */
export function mezoGreedy({
  queries = 2,
  perturbationScale = 1e-3,
  ...options
}: Omit<MezoOptions, "estimator" | "chunk"> = {}): Method {
  const rounds = { kind: "guided", perturbationScale } as const;
  return compose("mezo-greedy", { directions: { kind: "gaussian" }, queries, rounds }, options);
}

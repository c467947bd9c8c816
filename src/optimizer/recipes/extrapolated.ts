import { compose, type MezoOptions } from "../compose";
import type { Method } from "../method";

/**
 * Extrapolated ZO: each query is measured where its own gradient of the step before leads, and the step is taken from theta.
 * @throws naming the option that is out of range
 * @example extrapolated({ queries: 2 }).rounds // { kind: "extrapolated", perturbationScale: 0.001, reach: 1 }
 * Source: the zeroth-order form, ours, of arXiv 2006.05720, by its abstract. Its constants were not found: 4 queries, and a reach of one step's
 *   rate, are ours.
 */
export function extrapolated({
  queries = 4,
  reach = 1,
  perturbationScale = 1e-3,
  ...options
}: Omit<MezoOptions, "estimator" | "chunk"> & {
  /** How far a query's centre is moved, as a share of the learning rate, default 1. */
  readonly reach?: number;
} = {}): Method {
  const rounds = { kind: "extrapolated", perturbationScale, reach } as const;
  return compose("extrapolated", { directions: { kind: "gaussian" }, queries, rounds }, options);
}

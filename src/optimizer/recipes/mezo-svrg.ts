import { compose, type MezoOptions } from "../compose";
import type { Method } from "../method";

/**
 * MeZO-SVRG: an estimate on a large batch every few steps; between them one on the step's batch, less the same at the snapshot, plus the large one.
 * @throws naming the option that is out of range
 * @example mezoSvrg({ batches: 4 }).rounds // { kind: "variance-reduced", perturbationScale: 0.001, every: 2, batches: 4, miniRate: 0.1 }
 * Source: arXiv 2404.08080; amazon-science/mezo_svrg@002e156 (a snapshot every 2 steps, all of 512 examples in 8 batches of 64; rates 1e-4 and 1e-5
 *   are among those that it tries).
 */
export function mezoSvrg({
  every = 2,
  batches = 8,
  miniRate = 0.1,
  queries,
  perturbationScale = 1e-3,
  ...options
}: Omit<MezoOptions, "estimator" | "chunk"> & {
  /** Steps from one snapshot to the next, default 2. */
  readonly every?: number;
  /** Batches in the large one, default 8. */
  readonly batches?: number;
  /** Rate of the steps between snapshots, as a share of the learning rate, default 0.1. */
  readonly miniRate?: number;
} = {}): Method {
  const rounds = { kind: "variance-reduced", perturbationScale, every, batches, miniRate } as const;
  return compose("mezo-svrg", { directions: { kind: "gaussian" }, queries, rounds }, options);
}

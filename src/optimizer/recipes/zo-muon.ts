import { compose, type LozoOptions } from "../compose";
import type { Method } from "../method";

/**
 * ZO-Muon: one-sided losses in a subspace P u of each matrix; the step is orthogonal there. A learning rate is the length of each singular value.
 * @throws naming the option that is out of range
 * @example zoMuon({ rank: 8 }).directions // { kind: "projected", rank: 8, redraw: 100 }
 * Source: arXiv 2602.17155; OPTML-Group/ZO-Muon@166a8f3 (OPT-13B on RTE: eta 1e-2, epsilon 1e-3, rank 64, P kept for 100 steps, 4 queries;
 *   vectors at 1e-7).
 */
export function zoMuon({
  rank = 64,
  redraw = 100,
  queries = 4,
  vectorRate,
  ...options
}: Omit<LozoOptions, "rank" | "redraw"> & {
  /** r, default 64: at most the smaller side of each matrix. */
  readonly rank?: number;
  /** nu, the steps that P is kept for, default 100. */
  readonly redraw?: number;
  /** The rate of vectors, as a share of the learning rate; default: they are matrices of one row. */
  readonly vectorRate?: number;
} = {}): Method {
  const former = { kind: "orthogonal", iterations: 5, ...(vectorRate !== undefined && { vectorRate }) } as const;
  const directions = { kind: "projected", rank, redraw } as const;
  return compose("zo-muon", { directions, probe: "one-sided", queries, transforms: [former] }, options);
}

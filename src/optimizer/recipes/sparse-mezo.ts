import { compose, type MezoOptions } from "../compose";
import type { Method } from "../method";

/**
 * Sparse-MeZO: two-sided estimates on each tensor's small weights alone, then SGD.
 * @throws naming the option that is out of range
 * @example sparseMezo().directions // { kind: "small-weights", keep: 0.25 }
 * Source: arXiv 2402.15751 (a sparsity of 0.5 to 0.8 does best there, eta 1e-6 on all weights; 0.75 is our choice among them).
 */
export function sparseMezo({
  keep = 0.25,
  queries,
  ...options
}: MezoOptions & {
  /** Share of a tensor's weights that moves: 1 less the sparsity, default 0.25. */
  readonly keep?: number;
} = {}): Method {
  return compose("sparse-mezo", { directions: { kind: "small-weights", keep }, queries }, options);
}

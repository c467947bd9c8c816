import { compose, type MethodOptions } from "../compose";
import type { Method } from "../method";

/**
 * Block-wise steps: a two-sided estimate for one block of tensors after another, each where the blocks before have moved already.
 * @throws naming the option that is out of range
 * @example zoBlockwise({ blocks: 2 }).queries // { kind: "constant", value: 2 }
 * Source: ZO-Bench/ZO-LLM@bf210fa, of arXiv 2402.11592. Departs: 4 blocks of consecutive tensors are ours; a layer a block there.
 */
export function zoBlockwise({
  blocks = 4,
  perturbationScale = 1e-3,
  ...options
}: Omit<MethodOptions, "estimator" | "chunk"> & {
  /** Blocks, each with a query of its own, default 4. */
  readonly blocks?: number;
} = {}): Method {
  const rounds = { kind: "in-turn", perturbationScale } as const;
  return compose("zo-blockwise", { directions: { kind: "blocks", blocks }, queries: blocks, rounds }, options);
}

import type { EvaluationRecord } from "./records";

/** Nats above the lowest evaluation so far from which a run counts as diverged. */
export const divergenceMargin = 0.6;

/** Where and how a run diverged. */
export interface Divergence {
  readonly step: number;
  readonly forwardPasses: number;
  readonly loss: number;
  /** What the loss had to stay below or at. */
  readonly limit: number;
}

/**
 * Our definition of "diverged": the evaluation loss is more than 0.6 nats above the lowest one so far, or is not finite.
 *
 *     diverged at the first evaluation k with  loss_k > min_{j < k} loss_j + margin  or  loss_k not finite
 *
 * The paper gives no definition. 0.6 nats is far above what evaluation noise explains, and about half the distance from a
 * trained six-class loss (about 0.8) to chance (log 6 = 1.79), so a run that falls back to constant outputs counts, wherever it began.
 * @param history the evaluations of one run in order, the one before training first
 * @returns the first evaluation at which it holds; null when the run did not diverge
 * @example diverged([{ step: 0, loss: 1, ... }, { step: 20, loss: 0.9, ... }, { step: 40, loss: 1.6, ... }]) // { step: 40, loss: 1.6, limit: 1.5, ... }
 */
export function diverged(history: readonly EvaluationRecord[], margin = divergenceMargin): Divergence | null {
  let lowest = Infinity;
  for (const { step, forwardPasses, loss } of history) {
    const limit = lowest + margin;
    if (!Number.isFinite(loss) || loss > limit) return { step, forwardPasses, loss, limit };
    lowest = Math.min(lowest, loss);
  }
  return null;
}

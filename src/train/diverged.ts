import type { EvaluationRecord } from "./records";

/** Nats above the first evaluation from which a run counts as diverged. */
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
 * Our definition of "diverged": the evaluation loss exceeds the loss before training by more than 0.6 nats, or is not finite.
 *
 *     diverged at the first evaluation k with  loss_k > loss_0 + margin  or  loss_k not finite
 *
 * The paper gives no definition. 0.6 nats is far above what evaluation noise explains, and below the distance from a
 * trained six-class loss (about 0.8) to chance (log 6 = 1.79), so a run that falls back to constant outputs counts.
 * @param history the evaluations of one run in order, the one before training first
 * @returns the first evaluation at which it holds; null when the run did not diverge
 * @example diverged([{ step: 0, loss: 1, ... }, { step: 20, loss: 1.7, ... }]) // { step: 20, loss: 1.7, limit: 1.6, ... }
 */
export function diverged(history: readonly EvaluationRecord[], margin = divergenceMargin): Divergence | null {
  const first = history[0];
  if (first === undefined) return null;
  const limit = first.loss + margin;
  const found = history.find((evaluation) => !Number.isFinite(evaluation.loss) || evaluation.loss > limit);
  return found === undefined ? null : { step: found.step, forwardPasses: found.forwardPasses, loss: found.loss, limit };
}

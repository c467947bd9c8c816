import type { EndRecord, EvaluationRecord } from "./records";
import type { RunHistory } from "./run-history";

/** Nats above the lowest evaluation so far from which a run counts as diverged. */
export const divergenceMargin = 0.3;

/** Where and how a run diverged. */
export interface Divergence {
  readonly step: number;
  readonly forwardPasses: number;
  readonly loss: number;
  /** What the loss had to stay below or at. */
  readonly limit: number;
}

/**
 * Gives the part of our definition of "diverged" that evaluations show: the loss is more than 0.3 nats above the lowest one so far, or
 * is not finite (see `divergedRun` for the whole).
 *
 *     diverged at the first evaluation k with  loss_k > min_{j < k} loss_j + margin  or  loss_k not finite
 *
 * The paper gives no definition. On 100 dev texts with a standard deviation of about 1 nat a text, 0.3 nats are three standard
 * errors; and a model that falls back from a trained six-class loss (about 0.8) to a constant answer (at best about 1.6) counts.
 * @param history the evaluations of one run in order, the one before training first
 * @returns the first evaluation at which it holds; null when the run did not diverge
 * @example diverged([{ step: 0, loss: 1 }, { step: 20, loss: 0.9 }, { step: 40, loss: 1.3 }]) // { step: 40, loss: 1.3, limit: 1.2, ... }
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

/**
 * Says where a run diverged, by our definition: its evaluations show it (`diverged`), or it ended because its numbers were not finite or
 * its output had become constant (every projected gradient exactly 0: no direction changes the loss any more).
 * @returns the step at which it shows first; null when the run did not diverge
 */
export function divergedRun(
  run: Pick<RunHistory, "evaluations"> & {
    readonly end?: EndRecord | null | undefined;
  },
): { readonly step: number } | null {
  const found = diverged(run.evaluations);
  if (found !== null) return { step: found.step };
  const { end } = run;
  const broken = end?.reason === "not-finite" || end?.reason === "constant-output" || end?.reason === "diverged";
  return broken ? { step: end.step } : null;
}

import { fail, positiveNumber } from "../check/check";
import { isArm } from "../experiment/arms";
import { oneRunASeed, someRuns, type RunRecord } from "./record";

/** What an arm's run needed to a target at one seed. */
export interface SeedToTarget {
  readonly seed: number;
  /** Steps to the first evaluation at or below the target; Infinity where it never was there. */
  readonly steps: number;
  /** Texts that went through the model in its training passes until then. */
  readonly texts: number;
}

/**
 * Gives the steps, and the texts in training passes, after which an arm's runs first were at or below a dev loss: with a way back for each way there,
 * these are the texts whose gradients were taken.
 * @param textsOfPass texts of one of its passes
 * For example `toTarget(runs, { arm: "large-lamb-512", learningRate: 0.03 }, 0.9, 16)[0].steps`: 8.
 * @throws when the arm has no run at that rate, or two of one seed, or the target is no number, or the texts of a pass are none
 */
export function toTarget(
  runs: readonly RunRecord[],
  { arm, learningRate }: { readonly arm: string; readonly learningRate: number },
  loss: number,
  textsOfPass: number,
): readonly SeedToTarget[] {
  if (!Number.isFinite(loss)) fail("loss", "a number", loss);
  const own = runs.filter((run) => isArm(run.arm, arm) && run.learningRate === learningRate);
  someRuns(own);
  oneRunASeed(own);
  positiveNumber("textsOfPass", textsOfPass);
  return own.map(({ seed, evaluations }) => {
    const at = evaluations.find((each) => each.loss !== null && each.loss <= loss);
    return { seed, steps: at?.step ?? Infinity, texts: at === undefined ? Infinity : at.forwardPasses * textsOfPass };
  });
}

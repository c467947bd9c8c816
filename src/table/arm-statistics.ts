import { fail } from "../check/check";
import { isArm } from "../experiment/arms";
import { bestEvaluation, someRuns } from "./record";
import type { RunRecord } from "./record";
import { spread } from "./statistics";
import type { Spread } from "./statistics";

/**
 * Gives the share of runs that diverged.
 * @example shareDiverged([{ ...run, diverged: { step: 80 } }, { ...run, diverged: null }]) // 0.5
 * @throws when there are no runs
 */
export function shareDiverged(runs: readonly RunRecord[]): number {
  someRuns(runs);
  return runs.filter(({ diverged }) => diverged !== null).length / runs.length;
}

/**
 * Gives the mean and standard deviation over an arm's runs of the lowest dev loss, or of the last one.
 * @param arm its id, or its name in records
 * For example `devLoss(runs, "AdaZeta", "best").mean`: 0.89.
 * @throws when the arm has no runs, or one of them has no finite evaluation
 */
export function devLoss(runs: readonly RunRecord[], arm: string, which: "best" | "last"): Spread {
  const own = runs.filter((run) => isArm(run.arm, arm));
  someRuns(own);
  return spread(
    own.map((run) => {
      const loss = which === "best" ? bestEvaluation(run)?.loss : run.evaluations.at(-1)?.loss;
      return typeof loss === "number" && Number.isFinite(loss)
        ? loss
        : fail(`${arm}, seed ${run.seed}`, "a finite dev loss", loss);
    }),
  );
}

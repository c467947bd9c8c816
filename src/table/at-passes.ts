import { from } from "arquero";
import type { ColumnTable } from "arquero";
import { positiveInteger } from "../check/check";
import { armTitle } from "../experiment/arms";
import { formatRate } from "./number";
import { forwardPassesOf, groupRuns } from "./record";
import type { RunGroup, RunRecord } from "./record";
import { spread } from "./statistics";
import type { Spread } from "./statistics";

/**
 * Lists the dev loss after equal numbers of forward passes: one row per arm and learning rate, one column per number of passes, mean and
 * standard deviation over the seeds of the last evaluation within it. Empty where the arm did not spend that many.
 * For example `lossAtPasses(runs, [480, 1824]).columnNames()`: ["arm", "learning rate", "480 passes", "1,824 passes"].
 * @throws when there are no runs, or a number of passes is not a positive integer
 */
export function lossAtPasses(runs: readonly RunRecord[], passes: readonly number[]): ColumnTable {
  passes.forEach((count, i) => positiveInteger(`passes[${i}]`, count));
  return from(
    groupRuns(runs).map((group) => ({
      arm: armTitle(group.arm),
      "learning rate": formatRate(group.learningRate),
      ...Object.fromEntries(passes.map((count) => [`${count.toLocaleString("en")} passes`, lossAt(group, count)])),
    })),
  );
}

/** Share of its passes that a run may fall short of a budget and still be shown for it: evaluations do not fall on every number. */
const SLACK = 0.95;

function lossAt({ runs }: RunGroup, passes: number): Spread | null {
  if (runs.some((run) => forwardPassesOf(run) < SLACK * passes)) return null;
  const losses = runs.map((run) => run.evaluations.filter((e) => e.forwardPasses <= passes).at(-1)?.loss ?? null);
  const finite = losses.filter((loss): loss is number => loss !== null && Number.isFinite(loss));
  return finite.length === losses.length ? spread(finite) : null;
}

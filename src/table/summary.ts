import { from } from "arquero";
import type { ColumnTable } from "arquero";
import { formatRate } from "./number";
import { bestEvaluation, collapseOf, forwardPassesOf, groupRuns } from "./record";
import type { RunGroup, RunRecord } from "./record";
import { spread, wilson95 } from "./statistics";
import type { Spread } from "./statistics";

/**
 * One row per arm and learning rate: seeds, how many diverged, and over the seeds mean and standard deviation of the lowest dev loss
 * and of the accuracy at that same evaluation (not the best accuracy ever seen), and the mean of the forward passes spent.
 * A diverged seed counts with the best it had reached before: `diverged` stands beside it for that reason. Where a seed's lowest loss is
 * a collapse (`isCollapse`: a flatter output, fewer right answers), a column counts such seeds.
 * @example summaryTable(runs).get("diverged", 0) // "4/5"
 * @throws when there are no runs
 */
export function summaryTable(runs: readonly RunRecord[]): ColumnTable {
  const flagged = runs.some((run) => collapseOf(run) !== null);
  return from(groupRuns(runs).map((group) => summaryRow(group, flagged)));
}

function summaryRow(
  { arm, learningRate, runs }: RunGroup,
  flagged: boolean,
): Record<string, string | number | Spread | null> {
  const best = runs.map(bestEvaluation).filter((x): x is NonNullable<typeof x> => x !== null);
  const accuracies = best.map((x) => x.accuracy).filter((x): x is number => x !== null);
  return {
    arm,
    "learning rate": formatRate(learningRate),
    seeds: runs.length,
    diverged: `${runs.filter((run) => run.diverged !== null).length}/${runs.length}`,
    ...(flagged ? { collapsed: `${runs.filter((run) => collapseOf(run) !== null).length}/${runs.length}` } : {}),
    "best dev loss": best.length === 0 ? null : spread(best.map((x) => x.loss)),
    "accuracy there (%)": accuracies.length === 0 ? null : spread(accuracies.map((x) => 100 * x)),
    "forward passes": Math.round(spread(runs.map(forwardPassesOf)).mean),
  };
}

/**
 * One row per run, for interactive runs side by side: only those settings in which the runs differ, then what came of them.
 * @param devTexts how many texts dev has: then the accuracy's 95 % interval (Wilson) stands beside it
 * @throws when there are no runs
 */
export function compareRuns(runs: readonly RunRecord[], devTexts?: number): ColumnTable {
  groupRuns(runs);
  const differing = differingSettings(runs);
  const flagged = runs.some((run) => collapseOf(run) !== null);
  return from(
    runs.map((run) => {
      const best = bestEvaluation(run);
      const settings = differing.map((name): [string, string | number | null] => [
        name,
        settingText(run.settings?.[name]),
      ]);
      return {
        run: run.name ?? run.arm,
        ...(runs.some((other) => other.name !== undefined) ? { arm: run.arm } : {}),
        "learning rate": formatRate(run.learningRate),
        seed: run.seed,
        ...Object.fromEntries(settings),
        "best dev loss": best?.loss ?? null,
        "at step": best?.step ?? null,
        "accuracy there (%)": best === null || best.accuracy === null ? null : 100 * best.accuracy,
        ...(devTexts === undefined ? {} : { "95 % interval": intervalText(best?.accuracy ?? null, devTexts) }),
        "forward passes": forwardPassesOf(run),
        "diverged at step": run.diverged?.step ?? null,
        ...(flagged ? { "collapsed at step": collapseOf(run)?.step ?? null } : {}),
      };
    }),
  );
}

/**
 * The 95 % interval (Wilson) of an accuracy, in percent; null where there is no accuracy.
 * @example intervalText(25 / 30, 30) // "66 to 93"
 */
export function intervalText(accuracy: number | null, texts: number): string | null {
  if (accuracy === null || Number.isNaN(accuracy)) return null;
  const { low, high } = wilson95(accuracy, texts);
  return `${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)}`;
}

/** Names of settings whose values are not the same in all runs; learning rate and seed have columns of their own. */
export function differingSettings(runs: readonly RunRecord[]): readonly string[] {
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.settings ?? {})))];
  return names
    .filter((name) => name !== "learningRate" && name !== "seed")
    .filter((name) => new Set(runs.map((run) => JSON.stringify(run.settings?.[name] ?? null))).size > 1);
}

function settingText(value: string | number | boolean | null | undefined): string | number | null {
  return typeof value === "boolean" ? String(value) : (value ?? null);
}

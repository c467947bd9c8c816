import { grouped } from "../check/grouped";
import { armTitle } from "../experiment/arms";
import type { PlannedRecord } from "./paper-cells";
import { taskRuns } from "./paper-cells";
import type { ShownTable } from "./published/beside";
import { formatRate } from "./number";
import { taskNamed } from "../task/tasks";
import { someRuns } from "./record";
import type { EvaluationNumbers } from "../train/run-history";
import type { RunRecord } from "./record";
import { tableOf } from "./rows";
import { spread } from "./statistics";

/** Share of a run's steps whose mean training loss stands for its beginning and for its end. */
const PART = 0.2;

/**
 * Gives what a task's runs learned, by arm and rate: the training loss over the first and the last fifth of the steps, and on dev the loss before
 * and at its lowest, means over the seeds. A choice's runs train on the right options' tokens, and dev may be judged by another loss, the
 * cross-entropy over options: each stands under its own name, since an arm may lower the one and not the other.
 * For example `showTable(learningTable(records.planned, "copa").table)`.
 * @throws when the task has no record with steps
 */
export function learningTable(planned: readonly PlannedRecord[], task: string): ShownTable {
  const runs = taskRuns(planned, task);
  someRuns(runs);
  const both = runs.every(({ evaluations }) => evaluations.every((one) => "optionLoss" in one));
  // Records of choices that hold one loss alone were judged by the options'.
  const older = taskNamed(task).kind === "choice" && !both;
  const rows = grouped(runs, ({ arm, learningRate }) => JSON.stringify([arm, learningRate])).map((group) => ({
    arm: armTitle(group[0]!.arm),
    "learning rate": formatRate(group[0]!.learningRate),
    seeds: group.length,
    "trained loss, first fifth": meanOf(group, (run) => ends(run).first),
    "trained loss, last fifth": meanOf(group, (run) => ends(run).last),
    ...(older ? {} : onDev(group, "dev loss", (one) => one.loss)),
    ...(older ? onDev(group, OPTIONS, (one) => one.loss) : {}),
    ...(both
      ? onDev(group, OPTIONS, (one) => (one as { readonly optionLoss?: number | null }).optionLoss ?? null)
      : {}),
  }));
  const losses = Object.keys(rows[0]!).filter((name) => name.includes("loss") || name.startsWith(OPTIONS));
  return { table: tableOf(rows), options: { digits: Object.fromEntries(losses.map((name) => [name, 3])) } };
}

const OPTIONS = "cross-entropy over options, dev";

function onDev(runs: readonly RunRecord[], name: string, of: (evaluation: EvaluationNumbers) => number | null) {
  const finite = ({ evaluations }: RunRecord): readonly number[] =>
    evaluations.map(of).filter((loss): loss is number => loss !== null && Number.isFinite(loss));
  return {
    [`${name}: before`]: meanOf(runs, (run) => finite(run)[0] ?? null),
    [`${name}: lowest`]: meanOf(runs, (run) => (finite(run).length === 0 ? null : Math.min(...finite(run)))),
  };
}

/** Gives mean training losses over the first and the last part of a run's steps; null where one is not finite. */
export function ends({ steps }: Pick<RunRecord, "steps">): {
  readonly first: number | null;
  readonly last: number | null;
} {
  const part = Math.max(1, Math.round(PART * steps.length));
  const mean = (of: RunRecord["steps"]): number | null => {
    if (of.length === 0) return null;
    const total = of.reduce((sum, { loss }) => sum + (loss ?? NaN), 0) / of.length;
    return Number.isFinite(total) ? total : null;
  };
  return { first: mean(steps.slice(0, part)), last: mean(steps.slice(-part)) };
}

function meanOf(runs: readonly RunRecord[], of: (run: RunRecord) => number | null): number | null {
  const values = runs.flatMap((run) => of(run) ?? []);
  return values.length < runs.length ? null : spread(values).mean;
}

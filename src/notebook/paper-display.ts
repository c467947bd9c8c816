import { isArm, titleOf } from "../experiment/arms";
import { faultRemark } from "../experiment/faults";
import { divergenceMap } from "../plot/divergence-map";
import type { FigureOptions } from "../plot/template";
import { meanAndSpread } from "../plot/spread";
import type { TableOptions } from "../table/cell";
import { duelTable, paperCells, paperTable, taskRuns } from "../table/paper-cells";
import type { RunRecord } from "../table/record";
import { showFigure } from "./figure-display";
import type { PaperRecords } from "./paper-records";
import { showTable } from "./table-display";

/** Which recorded runs a figure takes; what is absent takes all. */
export interface RunChoice {
  /** By their ids, or their names in records. */
  readonly arms?: readonly string[];
  readonly learningRate?: number;
  readonly title?: string;
}

/** Shows the table of an experiment, each task and arm at the learning rate that was best on dev; what has no record says "not measured yet". */
export function showCells({ planned }: PaperRecords, tasks?: readonly string[]): ReturnType<typeof showTable> {
  const cells = paperCells(planned).filter(({ task }) => tasks?.includes(task) ?? true);
  const { table, options } = paperTable(cells);
  return showTable(table, captioned("measured here, at the learning rate that was best on dev", options));
}

/**
 * Shows dev loss against steps and against forward passes, mean and range over the seeds, of a task's recorded runs; says so where there is
 * none yet.
 * For example `showDivergence(records, "trec", { learningRate: 3e-3, arms: ["AdaZeta", "MeZO-LoRA"] })`.
 */
export function showDivergence(records: PaperRecords, task: string, chosen: RunChoice = {}): void {
  const runs = chosenRuns(records, task, chosen);
  if (runs.length > 0) showFigure(meanAndSpread(runs, { x: "both", ...caption(records, task, chosen, runs) }));
}

/** Shows the share of diverged seeds by arm and learning rate of a task's recorded runs; says so where there is none yet. */
export function showDivergenceMap(records: PaperRecords, task: string, chosen: RunChoice = {}): void {
  const runs = chosenRuns(records, task, chosen);
  if (runs.length > 0) showFigure(divergenceMap(runs, caption(records, task, chosen, runs)));
}

/** Shows two arms against each other on every task that has both, at equal steps and at equal forward passes; says so where none has. */
export function showDuel({ planned }: PaperRecords, one: string, other: string): void {
  const has = (task: string, arm: string): boolean => taskRuns(planned, task).some((run) => isArm(run.arm, arm));
  const tasks = new Set(planned.map(({ cell }) => cell.task ?? cell.settings.task));
  if (![...tasks].some((task) => has(task, one) && has(task, other)))
    return console.log(`${titleOf(one)} against ${titleOf(other)}: not measured yet`);
  const { table, options } = duelTable(planned, [one, other]);
  showTable(table, captioned("measured here: mean dev loss over the seeds (± standard deviation)", options));
}

/** A caption before what the table itself remarks. */
function captioned(caption: string, options: TableOptions): TableOptions {
  return { ...options, caption: [caption, ...(options.caption === undefined ? [] : [options.caption])].join("; ") };
}

function chosenRuns({ planned }: PaperRecords, task: string, { arms, learningRate }: RunChoice): readonly RunRecord[] {
  const runs = taskRuns(planned, task).filter(
    (run) =>
      (arms?.some((arm) => isArm(run.arm, arm)) ?? true) &&
      (learningRate === undefined || run.learningRate === learningRate),
  );
  if (runs.length === 0) console.log(`${task}: not measured yet`);
  return runs;
}

function caption(
  { origin }: PaperRecords,
  task: string,
  { title }: RunChoice,
  runs: readonly RunRecord[],
): FigureOptions {
  const seeds = [...new Set(runs.map(({ seed }) => seed))];
  return { title: title ?? task, origin: { ...origin, data: task, seeds, remark: faultRemark(runs) } };
}

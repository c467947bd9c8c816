import { isExact } from "../../optimizer/method";
import type { Part } from "../cells";
import { gridArm } from "../grid-arm";
import type { GridPart, GridRow } from "../grid-arm";
import { budgetOf, isStill } from "../plan";
import type { PlannedRun, StudyArm } from "../plan";

/** One task of a table. */
export interface TablePart extends Omit<GridPart, "cost" | "evaluateEvery"> {
  /** Steps between two evaluations; an arm may have a multiple of it. */
  readonly evaluateEvery: number;
  /** As the part is called in lists and `--tasks`; default: the task. */
  readonly title?: string;
  readonly arms: readonly GridRow[];
  readonly seeds: readonly number[];
  readonly learningRates: readonly number[];
  /** Floating-point operations of one token, in millions, and tokens of a text: to estimate the time. */
  readonly work: Work;
}

export interface Work {
  readonly perToken: number;
  readonly tokens: number;
}

/** Makes a task of a table as a part of a grid. */
export function tablePart(table: TablePart): Part<PlannedRun> {
  const { task, title = task, seeds, learningRates } = table;
  const part: GridPart = { ...table, cost: (arm) => workOf(arm, table) };
  return { task: title, seeds, learningRates, arms: table.arms.map((row) => gridArm(part, row)) };
}

/** Gives the work of a run, in thousands of millions of operations: passes over training batches, and looks at dev and test. */
function workOf(
  arm: StudyArm,
  { problem, evaluateEvery, work }: Pick<TablePart, "problem" | "evaluateEvery" | "work">,
): number {
  const count = (size: typeof problem.dev): number => (typeof size === "number" ? size : 2 * size.perClass);
  const each = (work.perToken * work.tokens) / 1000;
  const last = count(problem.dev) + problem.test;
  if (isStill(arm)) return each * (last + (arm.kind === "linear-probe" ? count(problem.train) : 0));
  const epoch = Math.ceil(count(problem.train) / arm.batchSize);
  const { steps, forwardPasses } = budgetOf(arm, epoch);
  const looks = Math.ceil(steps / evaluateEvery) * count(problem.dev);
  // Backward passes, on an engine that is slower; directions as long as the model.
  const dearer = isExact(arm.method) ? 15 : arm.adapter.kind === "full" ? 8 : 1;
  return each * (dearer * forwardPasses * arm.batchSize + looks + last);
}

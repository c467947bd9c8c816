import { isExact } from "../../optimizer/method";
import type { Arm, Part } from "../cells";
import { armNames } from "../arm";
import { budgetOf, isStill } from "../plan";
import type { PlannedRun, StudyArm } from "../plan";
import { paperArm, shortName } from "./paper-arm";
import type { PaperArmName, PaperSettings } from "./paper-arm";

/** A row of arms of a table: what it takes from the others and what is its own. */
export interface TableArm {
  readonly name: PaperArmName;
  /** Default: the table's. */
  readonly learningRates?: readonly number[];
  /** epsilon; default: the table's. */
  readonly perturbationScale?: number;
}

/** One task of a table. */
export interface TablePart {
  readonly task: string;
  /** As the part is called in lists and `--tasks`; default: the task. */
  readonly title?: string;
  readonly model: string;
  readonly problem: PlannedRun["problem"];
  /** What the arms share at a rate, with so many training texts; default: as many as planned. */
  readonly settings: (learningRate: number, train?: number) => PaperSettings;
  readonly arms: readonly TableArm[];
  readonly seeds: readonly number[];
  readonly learningRates: readonly number[];
  readonly evaluateEvery: number;
  readonly threads: number;
  readonly precision?: string;
  /** A study whose settings these are: its recorded runs count. */
  readonly study?: string;
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
  return { task: title, seeds, learningRates, arms: table.arms.map((row) => gridArm(table, row)) };
}

function gridArm(table: TablePart, row: TableArm): Arm<PlannedRun> {
  const { task, model, problem, threads, precision, study } = table;
  const armAt = (learningRate: number, train?: number): StudyArm => {
    const settings = table.settings(learningRate, train);
    return paperArm(row.name, { ...settings, perturbationScale: row.perturbationScale ?? settings.perturbationScale });
  };
  const isOfStudy = study !== undefined && armNames.some((name) => name === row.name);
  const still = isStill(armAt(1));
  const learningRates = still ? [0] : row.learningRates;
  return {
    name: shortName(row.name),
    ...(learningRates && { learningRates }),
    cost: workOf(armAt(1), table),
    settings: (seed, learningRate, train) => ({
      ...(isOfStudy && { study }),
      model,
      task,
      problem,
      arm: armAt(still ? 1 : learningRate, train),
      seed,
      // A run that takes more steps for the same passes is evaluated about as often per pass.
      evaluateEvery: row.name === "MeZO-LoRA, smaller rate" ? 4 * table.evaluateEvery : table.evaluateEvery,
      threads,
      ...(precision === undefined ? {} : { precision }),
    }),
  };
}

/** Gives the work of a run, in thousands of millions of operations: passes over training batches, and looks at dev and test. */
export function workOf(
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

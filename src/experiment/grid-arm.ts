import type { ArmId } from "./arms";
import { armOf, armRow } from "./arms";
import type { StudySettings } from "./arm";
import type { Arm } from "./cells";
import { isStill } from "./plan";
import type { PlannedRun, StudyArm } from "./plan";

/** One line of a grid: an arm by its id, and what is its own there. */
export interface GridRow {
  readonly id: ArmId;
  /** Default: the grid's. */
  readonly learningRates?: readonly number[];
  /** epsilon; default: the grid's. */
  readonly perturbationScale?: number;
}

/** What the lines of one task of a grid share. */
export interface GridPart extends Pick<
  PlannedRun,
  "model" | "task" | "problem" | "threads" | "precision" | "after" | "objective" | "testMetric" | "drift"
> {
  /** What the arms share at a rate, with so many training texts; default: as many as planned. */
  readonly settings: (learningRate: number, train?: number) => StudySettings;
  /** Steps between two evaluations, of which an arm may have a multiple; or what each arm's are. */
  readonly evaluateEvery: number | ((arm: StudyArm) => number);
  /** A study whose settings these are, and the arms whose runs are the study's own: their records count here too. */
  readonly study?: { readonly name: string; readonly arms: readonly ArmId[] };
  /** Work of a run, in any unit, to estimate the time. */
  readonly cost: (arm: StudyArm) => number;
}

/** Makes a line of a grid: the settings of its runs at each seed and learning rate. */
export function gridArm(part: GridPart, row: GridRow): Arm<PlannedRun> {
  const { model, task, problem, threads, precision, study, after, objective, testMetric, drift } = part;
  const { id } = row;
  const armAt = (learningRate: number, train?: number): StudyArm => {
    const settings = part.settings(learningRate, train);
    return armOf(id, { ...settings, perturbationScale: row.perturbationScale ?? settings.perturbationScale });
  };
  const ofTable = armRow(id);
  const evaluateFactor = "still" in ofTable ? 1 : (ofTable.evaluateFactor ?? 1);
  const { evaluateEvery } = part;
  const every = (arm: StudyArm): number =>
    typeof evaluateEvery === "number" ? evaluateFactor * evaluateEvery : evaluateEvery(arm);
  const known = study?.arms.includes(id) === true;
  const still = isStill(armAt(1));
  const learningRates = still ? [0] : row.learningRates;
  return {
    name: id,
    ...(learningRates && { learningRates }),
    cost: part.cost(armAt(1)),
    settings: (seed, learningRate, train) => {
      const arm = armAt(still ? 1 : learningRate, train);
      return {
        ...(known && { study: study.name }),
        model,
        task,
        problem,
        arm,
        seed,
        evaluateEvery: every(arm),
        threads,
        ...(precision === undefined ? {} : { precision }),
        ...(after === undefined || still ? {} : { after }),
        ...(objective === undefined ? {} : { objective }),
        ...(testMetric === undefined ? {} : { testMetric }),
        ...(drift === undefined ? {} : { drift }),
      };
    },
  };
}

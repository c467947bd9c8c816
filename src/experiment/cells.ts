import { fail } from "../check/check";
import { recordKey } from "./record-key";

/** One line of a comparison: what is the same for all its seeds and learning rates. */
export interface Arm<Settings> {
  /** Short name without spaces, for `--only` and records. */
  readonly name: string;
  /** Learning rates of this arm; default: the grid's. */
  readonly learningRates?: readonly number[];
  /**
   * The settings of one run: plain JSON data, everything that decides its numbers.
   * @param train training texts that a problem really has: epochs, schedules and budgets follow them; default: as many as planned
   */
  readonly settings: (seed: number, learningRate: number, train?: number) => Settings;
  /** Forward passes of one run, roughly, to estimate the time that remains; default 1. */
  readonly cost?: number;
}

/** One task of an experiment: its arms x seeds x learning rates. */
export interface Part<Settings> {
  readonly task: string | null;
  readonly arms: readonly Arm<Settings>[];
  readonly seeds: readonly number[];
  readonly learningRates: readonly number[];
}

/** An experiment as data: tasks x arms x seeds x learning rates, the most informative first. */
export interface Grid<Settings> {
  readonly name: string;
  /** Stages run one after another; the parts of a stage take turns seed by seed. */
  readonly stages: readonly (readonly Part<Settings>[])[];
  /** Why it has no runs yet, and what to do; absent: it has. */
  readonly waits?: string;
}

/** One run of a grid. Cells with equal settings have equal keys, whatever their arms are called. */
export interface Cell<Settings> {
  readonly key: string;
  readonly experiment: string;
  /** null where the experiment has one without a name. */
  readonly task: string | null;
  readonly arm: string;
  readonly seed: number;
  readonly learningRate: number;
  readonly settings: Settings;
  readonly cost: number;
  /** The settings with so many training texts (see `Arm`). Absent: they do not depend on it. */
  readonly fitted?: (train: number) => Settings;
}

/**
 * Gives all runs of a grid: stage by stage, seed by seed and rate by rate, so that a grid cut short has every arm of its first stage.
 * @throws when a part has no arm, two arms of one name, a seed or a rate twice, arms with different numbers of rates (each arm gets
 *   the same number of trials, or one where no rate plays a part), or settings that are not plain data
 */
export function cellsOf<Settings>(grid: Grid<Settings>): readonly Cell<Settings>[] {
  return grid.stages.flatMap((parts) => {
    parts.forEach((part, i) => checkPart(`${grid.name}, ${part.task ?? `part ${i}`}`, part));
    return upTo(Math.max(...parts.map(({ seeds }) => seeds.length))).flatMap((turn) =>
      parts.flatMap((part) => (turn < part.seeds.length ? cellsOfSeed(grid.name, part, part.seeds[turn]) : [])),
    );
  });
}

function cellsOfSeed<Settings>(experiment: string, part: Part<Settings>, seed: number): readonly Cell<Settings>[] {
  const ratesOf = (arm: Arm<Settings>): readonly number[] => arm.learningRates ?? part.learningRates;
  return upTo(Math.max(...part.arms.map((arm) => ratesOf(arm).length))).flatMap((turn) =>
    part.arms.flatMap((arm) => {
      const rates = ratesOf(arm);
      if (turn >= rates.length) return [];
      const learningRate = rates[turn];
      const settings = arm.settings(seed, learningRate);
      const key = recordKey(settings);
      const { name, cost = 1 } = arm;
      const fitted = (train: number): Settings => arm.settings(seed, learningRate, train);
      return [{ key, experiment, task: part.task, arm: name, seed, learningRate, settings, cost, fitted }];
    }),
  );
}

function checkPart(what: string, { arms, seeds, learningRates }: Part<unknown>): void {
  if (arms.length === 0) fail(`${what}: arms`, "at least one", "none");
  if (seeds.length === 0) fail(`${what}: seeds`, "at least one", "none");
  unique(
    `${what}: arms`,
    "distinct names",
    arms.map(({ name }) => name),
  );
  unique(`${what}: seeds`, "distinct seeds", seeds);
  for (const { name, learningRates: own = learningRates } of arms) {
    unique(`${what}: learning rates of ${name}`, "distinct rates", own);
    if (own.length !== learningRates.length && own.length !== 1)
      fail(`${what}: learning rates of ${name}`, `${learningRates.length}, as many as the others`, own.length);
  }
}

function unique<T>(what: string, expected: string, values: readonly T[]): void {
  const twice = values.find((value, i) => values.indexOf(value) !== i);
  if (twice !== undefined) fail(what, expected, `${String(twice)} twice`);
}

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

/** Which cells of a grid to run or list. */
export interface Selection {
  /** Names of arms; null: all. */
  readonly only: readonly string[] | null;
  /** Names of tasks; absent or null: all. */
  readonly tasks?: readonly string[] | null;
  readonly seeds: readonly number[] | null;
  readonly learningRates: readonly number[] | null;
}

/** Gives the cells that were asked for, each key once. @throws when an arm, seed or learning rate is none of the grid's */
export function selectCells<Settings>(
  cells: readonly Cell<Settings>[],
  selection: Selection,
): readonly Cell<Settings>[] {
  const known = <T>(what: string, asked: readonly T[] | null, of: (cell: Cell<Settings>) => T): void => {
    const all = [...new Set(cells.map(of))];
    for (const value of asked ?? []) if (!all.includes(value)) fail(what, `one of ${all.join(", ")}`, value);
  };
  known("--tasks", selection.tasks ?? null, (cell) => cell.task ?? "");
  known("--only", selection.only, (cell) => cell.arm);
  known("--seeds", selection.seeds, (cell) => cell.seed);
  known("--rates", selection.learningRates, (cell) => cell.learningRate);
  const keys = new Set<string>();
  return cells.filter((cell) => {
    const wanted =
      (selection.only?.includes(cell.arm) ?? true) &&
      (selection.tasks?.includes(cell.task ?? "") ?? true) &&
      (selection.seeds?.includes(cell.seed) ?? true) &&
      (selection.learningRates?.includes(cell.learningRate) ?? true);
    if (!wanted || keys.has(cell.key)) return false;
    keys.add(cell.key);
    return true;
  });
}

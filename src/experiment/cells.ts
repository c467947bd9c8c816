import { fail } from "../check/check";
import { recordKey } from "./record-key";

/** One line of a comparison: what is the same for all its seeds and learning rates. */
export interface Arm<Settings> {
  /** Short name without spaces, for `--only` and records. */
  readonly name: string;
  /** Learning rates of this arm; default: the grid's. */
  readonly learningRates?: readonly number[];
  /** The settings of one run: plain JSON data, everything that decides its numbers. */
  readonly settings: (seed: number, learningRate: number) => Settings;
  /** Forward passes of one run, roughly, to estimate the time that remains; default 1. */
  readonly cost?: number;
}

/** An experiment as data: arms x seeds x learning rates. */
export interface Grid<Settings> {
  readonly name: string;
  readonly arms: readonly Arm<Settings>[];
  readonly seeds: readonly number[];
  readonly learningRates: readonly number[];
}

/** One run of a grid. Cells with equal settings have equal keys, whatever their arms are called. */
export interface Cell<Settings> {
  readonly key: string;
  readonly experiment: string;
  readonly arm: string;
  readonly seed: number;
  readonly learningRate: number;
  readonly settings: Settings;
  readonly cost: number;
}

/**
 * All runs of a grid: seed by seed, so that a grid cut short has every arm.
 * @throws when two arms share a name, or settings are not plain data
 */
export function cellsOf<Settings>(grid: Grid<Settings>): readonly Cell<Settings>[] {
  const names = new Set<string>();
  for (const { name } of grid.arms) {
    if (names.has(name)) fail("arms", "distinct names", name);
    names.add(name);
  }
  return grid.seeds.flatMap((seed) =>
    grid.arms.flatMap((arm) =>
      (arm.learningRates ?? grid.learningRates).map((learningRate) => {
        const settings = arm.settings(seed, learningRate);
        const key = recordKey(settings);
        return { key, experiment: grid.name, arm: arm.name, seed, learningRate, settings, cost: arm.cost ?? 1 };
      }),
    ),
  );
}

/** Which cells of a grid to run or list. */
export interface Selection {
  /** Names of arms; null: all. */
  readonly only: readonly string[] | null;
  readonly seeds: readonly number[] | null;
  readonly learningRates: readonly number[] | null;
}

/** The cells that were asked for, each key once. @throws when an arm, seed or learning rate is none of the grid's */
export function selectCells<Settings>(
  cells: readonly Cell<Settings>[],
  selection: Selection,
): readonly Cell<Settings>[] {
  const known = <T>(what: string, asked: readonly T[] | null, of: (cell: Cell<Settings>) => T): void => {
    const all = [...new Set(cells.map(of))];
    for (const value of asked ?? []) if (!all.includes(value)) fail(what, `one of ${all.join(", ")}`, value);
  };
  known("--only", selection.only, (cell) => cell.arm);
  known("--seeds", selection.seeds, (cell) => cell.seed);
  known("--rates", selection.learningRates, (cell) => cell.learningRate);
  const keys = new Set<string>();
  return cells.filter((cell) => {
    const wanted =
      (selection.only?.includes(cell.arm) ?? true) &&
      (selection.seeds?.includes(cell.seed) ?? true) &&
      (selection.learningRates?.includes(cell.learningRate) ?? true);
    if (!wanted || keys.has(cell.key)) return false;
    keys.add(cell.key);
    return true;
  });
}

import { adazeta, mezo } from "../../src/optimizer/recipes";
import { cellsOf } from "../../src/experiment/cells";
import type { Cell, Grid, Part } from "../../src/experiment/cells";
import { runGrid } from "../../src/experiment/run-grid";
import type { GridOptions, GridResult } from "../../src/experiment/run-grid";
import { hasFault } from "../../src/experiment/faults";
import { isInShare, shareRecordsPath, type Share } from "../../src/experiment/share";
import { faultyKeys, openStore } from "../../src/experiment/store";
import type { RunSettings } from "../../src/train/settings";
import { trainInFile } from "../../src/train/train-in-file";
import { logisticRun, settingsOf } from "./analytic-runs";

/** Two methods x two seeds x two learning rates on the logistic regression, 20 steps each. */
export const part: Part<RunSettings> = {
  task: null,
  seeds: [0, 1],
  learningRates: [0.01, 0.03],
  arms: [
    { name: "mezo", settings: (seed, learningRate) => settings(seed, mezo({ learningRate })) },
    {
      name: "adazeta",
      settings: (seed, learningRate) => settings(seed, adazeta({ exponent: 0.8, cap: 4, learningRate })),
      cost: 2,
    },
  ],
};
export const grid: Grid<RunSettings> = { name: "small", stages: [[part]] };

export const cells = cellsOf(grid);

function settings(seed: number, method: RunSettings["method"]): RunSettings {
  return settingsOf({ seed, method, stepsPerEpoch: 5, budget: { kind: "steps", steps: 20 }, evaluateEvery: 5 });
}

/** Makes again what has a fault in the folder's records, those of another experiment included. */
export async function remakeSmallGrid(
  folder: string,
  changes: Partial<GridOptions<RunSettings>> = {},
  delayMs = 0,
): Promise<GridResult> {
  const [recordsPath, other] = ["small", "other"].map((name) => `${folder}/results/${name}.jsonl`);
  const faulty = faultyKeys([recordsPath, other]);
  const store = openStore({ recordsPath, partialFolder: `${folder}/partial`, others: [other], again: hasFault });
  const chosen = cells.filter(({ key }) => faulty.has(key));
  return await runSmallGrid(folder, { cells: chosen, store, ...changes }, delayMs);
}

/** Makes a part of the grid, with records of its own. */
export async function runPartOfSmallGrid(
  folder: string,
  share: Share,
  changes: Partial<GridOptions<RunSettings>> = {},
  delayMs = 0,
): Promise<GridResult> {
  const recordsPath = `${folder}/results/small.jsonl`;
  const appendPath = shareRecordsPath(recordsPath, share);
  const store = openStore({ recordsPath, appendPath, partialFolder: `${folder}/partial` });
  const chosen = cells.filter(({ key }) => isInShare(key, share));
  return await runSmallGrid(folder, { cells: chosen, store, ...changes }, delayMs);
}

/** Makes one run of the grid; a pause before each batch leaves time to be killed. @param before is called, and waited for, before each batch */
export function smallCell(
  delayMs: number,
  before: (cell: Cell<RunSettings>, step: number) => void | Promise<void> = () => undefined,
): GridOptions<RunSettings>["runCell"] {
  return async (cell, { path, signal, onEvent, note }) => {
    const run = logisticRun({ settings: cell.settings, signal, note });
    const batchAt = async (step: number) => {
      await before(cell, step);
      if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
      return run.batchAt(step);
    };
    return { run: await trainInFile({ ...run, batchAt, path }, onEvent), extra: { test: 0.5 } };
  };
}

/** Runs the grid with its records in a folder; a pause before each batch leaves time to be killed. */
export async function runSmallGrid(
  folder: string,
  changes: Partial<GridOptions<RunSettings>> = {},
  delayMs = 0,
): Promise<GridResult> {
  const store = openStore({ recordsPath: `${folder}/results/small.jsonl`, partialFolder: `${folder}/partial` });
  let ticks = 0;
  return await runGrid({
    cells,
    store,
    runCell: smallCell(delayMs),
    origin: { commit: "0123abc", machine: "test", command: "test" },
    clock: () => 1000 * ticks++,
    date: () => "2026-01-01T00:00:00.000Z",
    ...changes,
  });
}

import { fail } from "../check/check";
import { experiments } from "../experiment/catalogue";
import { cellsOf } from "../experiment/cells";
import type { Cell } from "../experiment/cells";
import { oddCells, odditiesNamed } from "../experiment/oddities";
import type { Scale } from "../experiment/options";
import type { PlannedRun } from "../experiment/plan";
import type { StudyRunner } from "../experiment/study-run";
import { fingerprintData } from "../train/fingerprint";
import { sourceHashes } from "../train/sources";
import { engineVersion } from "./run-fingerprint";
import type { RunFingerprint } from "./run-fingerprint";

/** What names a planned run to another machine, which plans it itself: nothing of it is run. */
export interface PlannedOrder {
  readonly experiment: string;
  readonly scale: Scale;
  /** The reference's habits that it is drawn with. */
  readonly oddities: readonly string[];
  readonly key: string;
}

/**
 * Gives what finds the run that an order names among this machine's own plans; null where they have none such.
 * For example `plannedRuns()({ experiment: "rates", scale: "tiny", oddities: [], key: "..." })`.
 * The function throws when an order is none, naming the field.
 */
export function plannedRuns(): (order: unknown) => Cell<PlannedRun> | null {
  const grids = new Map<string, ReadonlyMap<string, Cell<PlannedRun>>>();
  return (given) => {
    const { experiment, scale, oddities, key } = checkOrder(given);
    const name = JSON.stringify([experiment, scale, oddities]);
    const known = grids.get(name);
    if (known !== undefined) return known.get(key) ?? null;
    const grid = experiments(scale, experiment).find((each) => each.name === experiment);
    const cells = grid === undefined ? [] : oddCells(cellsOf(grid), odditiesNamed(oddities));
    const cellBy = new Map<string, Cell<PlannedRun>>();
    // Of two arms with equal settings the first makes the run, as in `selectCells`.
    for (const cell of cells) if (!cellBy.has(cell.key)) cellBy.set(cell.key, cell);
    grids.set(name, cellBy);
    return cellBy.get(key) ?? null;
  };
}

function checkOrder(given: unknown): PlannedOrder {
  if (typeof given !== "object" || given === null) return fail("order", "an object", given);
  const order = given as PlannedOrder;
  for (const name of ["experiment", "key"] as const)
    if (typeof order[name] !== "string") fail(`order.${name}`, "a name", order[name]);
  const { scale, oddities } = order as { readonly scale: unknown; readonly oddities: unknown };
  if (scale !== "tiny" && scale !== "full") fail("order.scale", '"tiny" or "full"', scale);
  if (!Array.isArray(oddities) || oddities.some((name) => typeof name !== "string"))
    fail("order.oddities", "a list of names", oddities);
  return order;
}

/**
 * Gives what two machines must have alike to make one whole run: its key, the model, the task's texts, the code that plans and makes it, and the engine's version.
 * @param code as `planningCode`
 */
export function plannedFingerprint(
  { madeOf }: Pick<StudyRunner, "madeOf">,
  code: string | null,
): (cell: Cell<PlannedRun>) => Promise<RunFingerprint> {
  return async (cell) => ({ key: cell.key, ...(await madeOf(cell)), code, engine: engineVersion() });
}

/** Hashes the code that plans runs and makes them, as the disk has it now; null outside the project. */
export function planningCode(): string | null {
  const files = sourceHashes([
    "src/experiment/catalogue.ts",
    "src/experiment/study-run.ts",
    "src/cluster/run-maker.ts",
  ]);
  return files === null ? null : fingerprintData(files);
}

import { fail } from "../check/check";
import type { ThousandOddities } from "../task/protocol";
import type { Cell } from "./cells";
import type { PlannedRun } from "./plan";
import { recordKey } from "./record-key";

/** Names of the reference's habits, for the command line. */
const NAMES = ["referenceDev", "testForDev", "keepRepeats"] as const satisfies readonly (keyof ThousandOddities)[];

/** @throws when a name is none of the reference's habits */
export function odditiesNamed(names: readonly string[]): ThousandOddities {
  const known = names.map((name) => NAMES.find((one) => one === name) ?? fail("--oddities", NAMES.join(", "), name));
  return Object.fromEntries(known.map((name) => [name, true]));
}

/**
 * Plans runs again on samples drawn with the reference's habits. They are other runs, with records of their own: tables of the runs without
 * do not show them.
 * For example `oddCells(cellsOf(superglueLlama2("full")), { referenceDev: true })`: WSC trains on 54 texts.
 */
export function oddCells(cells: readonly Cell<PlannedRun>[], oddities: ThousandOddities): readonly Cell<PlannedRun>[] {
  if (Object.keys(oddities).length === 0) return cells;
  return cells.map((cell) => {
    const own = Object.entries(cell.settings).filter(([name]) => name !== "study");
    const settings = {
      ...(Object.fromEntries(own) as object as PlannedRun),
      problem: { ...cell.settings.problem, oddities },
    };
    return { ...cell, settings, key: recordKey(settings) };
  });
}

import type { ArmRow, Look } from "../experiment/arm-row";

/** What a row may have that asks for no look: the colours in use least first. */
const COLORS = ["sky", "black", "grey", "purple", "green", "orange", "blue", "vermillion"] as const;
const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"] as const;
const ALL: readonly Look[] = DASHES.flatMap((dash) => COLORS.map((color) => ({ color, dash })));

/**
 * Gives the look of every row by its id: its own, or in the table's order the first that no other row has. A row that is added last changes
 * the look of none before it. After all are given away they are given again.
 * For example `armLooks(armRows).get("adazeta")`: { color: "blue", dash: "solid" }.
 */
export function armLooks(rows: readonly ArmRow[]): ReadonlyMap<string, Look> {
  const owned = new Set(rows.flatMap(({ look }) => (look === undefined ? [] : [textOf(look)])));
  const free = ALL.filter((look) => !owned.has(textOf(look)));
  const asking = rows.filter(({ look }) => look === undefined);
  const given = free.length === 0 ? ALL : free;
  return new Map(rows.map((row) => [row.id, row.look ?? given[asking.indexOf(row) % given.length]!]));
}

const textOf = ({ color, dash }: Look): string => `${color} ${dash}`;

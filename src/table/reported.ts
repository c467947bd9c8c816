import { from } from "arquero";
import type { ColumnTable } from "arquero";
import { fail } from "../check/check";
import type { TableOptions } from "./cell";
import type { Spread } from "./statistics";

/** One quantity twice: as a paper gives it and as it was measured here. */
export interface Comparison {
  readonly what: string;
  /** null when the source does not give it: shown as "not found", never guessed. */
  readonly reported: number | null;
  /** null when it was not run here. */
  readonly measured: number | Spread | null;
}

/**
 * Writes "reported by ..." beside "measured here", and their difference (measured - reported) where both exist and are of the same thing.
 * For example `besideReported([{ what: "TREC", reported: null, measured: 87 }], "Table 2")`.
 * @param ours name of our column; "computed here" where nothing was run
 * @param same false: the two are of different models, and a difference would say nothing; default true
 * @throws when there is nothing to compare
 */
export function besideReported(
  rows: readonly Comparison[],
  source: string,
  ours: "measured here" | "computed here" = "measured here",
  same: boolean = true,
): { readonly table: ColumnTable; readonly options: TableOptions } {
  if (rows.length === 0) fail("rows", "at least one quantity", rows);
  const reportedName = `reported by ${source}`;
  const table = from(
    rows.map(({ what, reported, measured }) => ({
      quantity: what,
      [reportedName]: reported,
      [ours]: measured,
      ...(same && { difference: differenceOf(measured, reported) }),
    })),
  );
  const right = { [reportedName]: "right", [ours]: "right", ...(same && { difference: "right" as const }) } as const;
  const missing = { [reportedName]: "not found", [ours]: "not run" };
  return { table, options: { align: right, missing, origins: { [reportedName]: "reported", [ours]: "measured" } } };
}

function differenceOf(measured: Comparison["measured"], reported: number | null): number | null {
  if (measured === null || reported === null) return null;
  return (typeof measured === "number" ? measured : measured.mean) - reported;
}

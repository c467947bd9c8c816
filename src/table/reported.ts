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
 * "reported by ..." beside "measured here", and their difference (measured - reported) where both exist.
 * @param ours name of our column; "computed here" where nothing was run
 * @example besideReported([{ what: "TREC", reported: null, measured: 87 }], "Table 2")
 * @throws when there is nothing to compare
 */
export function besideReported(
  rows: readonly Comparison[],
  source: string,
  ours: "measured here" | "computed here" = "measured here",
): { readonly table: ColumnTable; readonly options: TableOptions } {
  if (rows.length === 0) fail("rows", "at least one quantity", rows);
  const reportedName = `reported by ${source}`;
  const table = from(
    rows.map(({ what, reported, measured }) => ({
      quantity: what,
      [reportedName]: reported,
      [ours]: measured,
      difference:
        reported === null || measured === null
          ? null
          : (typeof measured === "number" ? measured : measured.mean) - reported,
    })),
  );
  const right = { [reportedName]: "right", [ours]: "right", difference: "right" } as const;
  const missing = { [reportedName]: "not found", [ours]: "not run" };
  return { table, options: { align: right, missing, origins: { [reportedName]: "reported", [ours]: "measured" } } };
}

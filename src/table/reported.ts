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
 * @example besideReported([{ what: "TREC", reported: null, measured: 87 }], "Table 2")
 * @throws when there is nothing to compare
 */
export function besideReported(
  rows: readonly Comparison[],
  source: string,
): { readonly table: ColumnTable; readonly options: TableOptions } {
  if (rows.length === 0) fail("rows", "at least one quantity", rows);
  const reportedName = `reported by ${source}`;
  const table = from(
    rows.map(({ what, reported, measured }) => ({
      quantity: what,
      [reportedName]: reported,
      "measured here": measured,
      difference:
        reported === null || measured === null
          ? null
          : (typeof measured === "number" ? measured : measured.mean) - reported,
    })),
  );
  const right = { [reportedName]: "right", "measured here": "right", difference: "right" } as const;
  return { table, options: { align: right, missing: { [reportedName]: "not found", "measured here": "not run" } } };
}

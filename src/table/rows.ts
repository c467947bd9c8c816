import { from } from "arquero";
import type { ColumnTable } from "arquero";
import { fail } from "../check/check";
import type { CellValue } from "./cell";

/**
 * Makes a table from rows, its columns named by the first row's fields.
 * @throws when there are no rows, or a row has other fields than the first
 * @example tableOf([{ core: "G1", parameters: 80 }]).columnNames() // ["core", "parameters"]
 */
export function tableOf<T extends { readonly [K in keyof T]: CellValue }>(rows: readonly T[]): ColumnTable {
  if (rows.length === 0) fail("rows", "at least one row", rows);
  const names = Object.keys(rows[0]!).join(", ");
  rows.forEach((row, i) => {
    if (Object.keys(row).join(", ") !== names) fail(`rows[${i}]`, `the fields ${names}`, Object.keys(row).join(", "));
  });
  return from(rows.map((row) => ({ ...row })));
}

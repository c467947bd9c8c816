import { fail } from "../check/check";
import { knownOptions, namesOf } from "../check/known-options";
import type { ColumnTable } from "arquero";
import { decimals, formatNumber } from "./number";
import type { Spread } from "./statistics";

/** What a cell may hold. `null` is shown as the option `missing` says. */
export type CellValue = string | number | boolean | null | undefined | Spread;

export type Align = "left" | "right";

export interface TableOptions {
  /** A line above the table, plain text; the origin of its numbers belongs here. */
  readonly caption?: string;
  /** For a column, which of its values is marked as the best; ties are all marked. */
  readonly best?: Readonly<Record<string, "lowest" | "highest">>;
  /** Numbers right, also those written as text ("4/5"), other text left, unless said otherwise here. */
  readonly align?: Readonly<Record<string, Align>>;
  /** Decimals of a column; by size when absent. */
  readonly digits?: Readonly<Record<string, number>>;
  /** What stands for a missing value in a column, "-" when absent; say "not found" or "not run" where that is what it means. */
  readonly missing?: Readonly<Record<string, string>>;
  /** Which columns hold numbers reported elsewhere and which were measured here: drawn apart; their names must say it too. */
  readonly origins?: Readonly<Record<string, ColumnOrigin>>;
}

const OPTIONS = namesOf<TableOptions>({
  caption: true,
  best: true,
  align: true,
  digits: true,
  missing: true,
  origins: true,
});

/** Where a column's numbers come from. */
export type ColumnOrigin = "reported" | "measured";

export interface FormattedCell {
  readonly text: string;
  readonly best: boolean;
}

/** A table as texts, before it becomes HTML, Markdown or plain text. */
export interface FormattedTable {
  readonly caption: string | null;
  readonly names: readonly string[];
  readonly align: readonly Align[];
  /** null: no number of either origin. */
  readonly origins: readonly (ColumnOrigin | null)[];
  readonly rows: readonly (readonly FormattedCell[])[];
}

/** Formats every cell, finds alignment and best values. @throws when an option is unknown, or names a column that the table has not */
export function formatTable(table: ColumnTable, options: TableOptions = {}): FormattedTable {
  knownOptions("table", options, OPTIONS);
  const names = table.columnNames();
  for (const group of [options.best, options.align, options.digits, options.missing, options.origins])
    for (const name of Object.keys(group ?? {}))
      if (!names.includes(name)) fail("column", `one of ${names.join(", ")}`, name);
  const columns = names.map((name) => Array.from(table.array(name) as ArrayLike<CellValue>));
  const formatted = columns.map((values, i) => {
    const name = names[i]!;
    const rule = options.best?.[name];
    const sizes = values.map(size).filter((x): x is number => x !== null);
    const best =
      rule === undefined || sizes.length === 0 ? null : rule === "lowest" ? Math.min(...sizes) : Math.max(...sizes);
    const digits = options.digits?.[name] ?? sharedDigits(values);
    const missing = options.missing?.[name] ?? "-";
    return values.map((value) => ({
      text: formatCell(value, digits, missing),
      best: best !== null && size(value) === best,
    }));
  });
  return {
    caption: options.caption ?? null,
    names,
    align: names.map((name, i) => options.align?.[name] ?? (isNumeric(columns[i]!) ? "right" : "left")),
    origins: names.map((name) => options.origins?.[name] ?? null),
    rows: Array.from({ length: table.numRows() }, (_, row) => formatted.map((column) => column[row]!)),
  };
}

/** Writes "0.931 ± 0.055"; a single run says so instead of a spread. */
export function formatCell(value: CellValue, digits: number | undefined, missing: string): string {
  if (value === null || value === undefined) return missing;
  if (typeof value === "number") return formatNumber(value, digits);
  if (typeof value !== "object") return String(value);
  const places = digits ?? decimals(value.mean);
  const mean = formatNumber(value.mean, places);
  return value.standardDeviation === null
    ? `${mean} (1 seed)`
    : `${mean} ± ${formatNumber(value.standardDeviation, places)}`;
}

/** One number of decimals for a column of mixed fractions, so that the points stand in line. */
function sharedDigits(values: readonly CellValue[]): number | undefined {
  const sizes = values.map(size).filter((x): x is number => x !== null && Number.isFinite(x));
  if (sizes.length === 0 || sizes.every(Number.isInteger)) return undefined;
  const largest = Math.max(...sizes.map(Math.abs));
  return largest < 0.1 ? undefined : decimals(largest);
}

function size(value: CellValue): number | null {
  if (typeof value === "number") return Number.isNaN(value) ? null : value;
  return typeof value === "object" && value !== null ? value.mean : null;
}

/** Holds numbers, or nothing but texts that are numbers: "3e-3", "4/5", "12 %". */
function isNumeric(values: readonly CellValue[]): boolean {
  const there = values.filter((value) => value !== null && value !== undefined);
  const written = (value: CellValue): boolean =>
    typeof value === "string" && /^[-+]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?(\/\d+| ?%)?$/.test(value);
  return (
    there.some((value) => typeof value === "number" || typeof value === "object") ||
    (there.length > 0 && there.every(written))
  );
}

import { unreachable } from "../check/check";

/** How a table is written. */
export type TableFormat = "csv" | "json lines";

/**
 * Gives the lines of a table, each with its end: RFC 4180's with a header, or a JSON object a row. In CSV a missing cell is empty, and what is no
 * text or number is JSON.
 * @example [...tableLines("csv", ["a", "b"], [{ a: "x, y", b: 1 }])] // ["a,b\n", "\"x, y\",1\n"]
 * @example [...tableLines("json lines", ["a", "b"], [{ b: 1, a: "x" }])] // ['{"a":"x","b":1}\n']
 */
export function* tableLines(
  format: TableFormat,
  columns: readonly string[],
  rows: Iterable<Readonly<Record<string, unknown>>>,
): Generator<string, void, undefined> {
  switch (format) {
    case "csv":
      yield csvLine(columns);
      for (const row of rows) yield csvLine(columns.map((column) => cellIn(row, column)));
      return;
    case "json lines":
      for (const row of rows) {
        const there = columns.filter((column) => cellIn(row, column) !== undefined);
        yield `${json(Object.fromEntries(there.map((column) => [column, row[column]])))}\n`;
      }
      return;
    default:
      return unreachable(format);
  }
}

/** A row's own cell: a column may be called as something that every object has ("constructor"). */
function cellIn(row: Readonly<Record<string, unknown>>, column: string): unknown {
  return Object.hasOwn(row, column) ? row[column] : undefined;
}

function csvLine(cells: readonly unknown[]): string {
  return `${cells.map((cell) => csvCell(written(cell))).join(",")}\n`;
}

function csvCell(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function written(cell: unknown): string {
  if (cell === undefined || cell === null) return "";
  return typeof cell === "object" ? json(cell) : String(cell);
}

/** JSON has no integers beyond 2^53: those become texts, so that no digit is lost. */
function json(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner !== "bigint" ? inner : Number.isSafeInteger(Number(inner)) ? Number(inner) : String(inner),
  );
}

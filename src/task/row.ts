import type { Where } from "./task";

/** One row of a file, before anything is known about the task: cells by column name. */
export interface Row {
  readonly cells: Readonly<Record<string, unknown>>;
  readonly where: Where;
}

/** The rows of one file. */
export interface Rows {
  readonly file: string;
  /** What the header names, and where it stands; null where every row names its own cells (JSON). */
  readonly header: { readonly columns: readonly string[]; readonly where: Where } | null;
  readonly rows: readonly Row[];
  /** Lines that were left out for having fewer cells than the header. */
  readonly short: number;
}

/**
 * Gives the first of these cells that a row has; "a.b" is b inside a, where no column has that very name.
 * @example cellOf({ cells: { target: { span1_text: "Mark" } }, where }, ["target.span1_text"]) // "Mark"
 */
export function cellOf({ cells }: Row, names: readonly string[]): unknown {
  for (const name of names) {
    const found = Object.hasOwn(cells, name) ? cells[name] : inside(cells, name.split("."));
    if (found !== undefined && found !== null) return found;
  }
  return undefined;
}

function inside(value: unknown, path: readonly string[]): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, first)) return undefined;
  return inside((value as Readonly<Record<string, unknown>>)[first], rest);
}

/** Says whether a header has one of these columns ("a.b" needs a). */
export function hasColumn(columns: readonly string[], names: readonly string[]): boolean {
  return names.some((name) => columns.includes(name) || (name.includes(".") && columns.includes(name.split(".")[0])));
}

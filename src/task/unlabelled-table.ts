import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fail } from "../check/check";
import { visibly } from "../check/visibly";
import { textsOf } from "./example";
import { columnsOf, ownFormat, ownRows } from "./own-rows";
import { cellOf } from "./row";
import type { Row } from "./row";
import type { ClassificationTask, Example } from "./task";

/** A row of a table and the texts in it; null where one of them is empty. */
export interface UnlabelledRow {
  readonly cells: Row["cells"];
  readonly line: number;
  readonly fields: Example["fields"] | null;
}

/** A table of texts to be classified. */
export interface UnlabelledTable {
  readonly columns: readonly string[];
  readonly rows: readonly UnlabelledRow[];
  /** What should be known of how it was read. */
  readonly notices: readonly string[];
}

/**
 * Reads a table of a task's texts that needs no classes: .csv, .tsv, .jsonl or .parquet with the columns of training.
 * For example `(await unlabelledTable(task, "new.csv")).rows[0].fields`.
 * @param task as `taskOf` gives it, which asks for no label
 * @throws when the file is not there, is faulty, has no such column or no row, with file and line
 */
export async function unlabelledTable(task: ClassificationTask, path: string): Promise<UnlabelledTable> {
  const format = ownFormat(path);
  const file = basename(path);
  const bytes = await readFile(path).catch(() => fail("file", "an existing file", path));
  const { rows, notices } = await ownRows(task, format, bytes, file);
  if (rows.rows.length === 0) fail(file, rows.header === null ? "rows" : "rows below its header", "none");
  return {
    columns: [...new Set(columnsOf(rows))],
    rows: rows.rows.map((row) => ({
      cells: row.cells,
      line: row.where.line,
      fields: lacksText(task, row) ? null : textsOf(task, row),
    })),
    notices,
  };
}

function lacksText({ fields, mayBeEmpty = [] }: ClassificationTask, row: Row): boolean {
  return Object.entries(fields).some(([field, names]) => {
    const cell = cellOf(row, names);
    return !mayBeEmpty.includes(field) && (cell === undefined || (typeof cell === "string" && visibly(cell) === ""));
  });
}

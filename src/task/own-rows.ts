import { basename, extname } from "node:path";
import { fail } from "../check/check";
import { nearestHint } from "../check/nearest";
import { marked, visibly } from "../check/visibly";
import { requireFile } from "../disk/require-file";
import { labelColumns, place } from "./example";
import { few, spellingNotice } from "./own-classes";
import { checkSeparator, ownText, separatorHint } from "./own-text";
import { csv } from "./read-csv";
import { jsonLines } from "./read-json";
import { parquetRows } from "./read-parquet";
import { tsv } from "./read-text";
import { cellOf, hasColumn } from "./row";
import type { Rows } from "./row";
import type { ClassificationTask } from "./task";

export type OwnFormat = "csv" | "tsv" | "json lines" | "parquet";

/** Checks that the user's own files are there, and of a kind that is read. @throws naming the option */
export function requireOwn(files: Readonly<Record<string, string | null | undefined>>): void {
  for (const [option, path] of Object.entries(files)) {
    if (path === null || path === undefined) continue;
    requireFile(option, path);
    ownFormat(path, option);
  }
}

/** Says what a file of the user's own is, by its name. @throws when it is of no kind that is read */
export function ownFormat(path: string, option = "file"): OwnFormat {
  switch (extname(path).toLowerCase()) {
    case ".csv":
      return "csv";
    case ".tsv":
      return "tsv";
    case ".jsonl":
      return "json lines";
    case ".parquet":
      return "parquet";
    default:
      return fail(option, "a .csv, .tsv, .jsonl or .parquet file", basename(path));
  }
}

/** The rows of a user's own file, and what should be known of them. */
export interface OwnRows {
  readonly rows: Rows;
  readonly notices: readonly string[];
}

/**
 * Reads a user's own table and looks for what would be read wrong without a word: another encoding or separator, two columns of one name,
 * columns that are not there, classes spelled otherwise, quotes that were not closed or not taken for quotes.
 * @throws when something of it leaves no right reading, with file and line
 */
export async function ownRows(
  task: ClassificationTask,
  format: OwnFormat,
  bytes: Uint8Array,
  file: string,
): Promise<OwnRows> {
  const { rows, notices } = await tableRows(format, bytes, file);
  const used = [...Object.values(task.fields).flat(), ...labelColumns(task)];
  const columns = columnsOf(rows);
  for (const names of [...Object.values(task.fields), ...labelColumns(task).map((name) => [name])])
    checkColumn(task, rows, columns, names);
  const spellings = rows.rows.flatMap((row) => {
    const cell = cellOf(row, labelColumns(task));
    return cell === undefined ? [] : [String(cell)];
  });
  return {
    rows,
    notices: [
      ...notices,
      ...columnNotices(file, columns, used),
      ...spellingNotice(file, task.labels, spellings),
      ...quoteNotices(task, format, rows),
    ],
  };
}

/** Reads the rows of a table of the user's own. @throws when it is damaged, with file and line */
export async function tableRows(format: OwnFormat, bytes: Uint8Array, file: string): Promise<OwnRows> {
  if (format === "parquet") return { rows: (await parquetRows(bytes, file)).rows, notices: [] };
  const { text, notices } = ownText(bytes, file);
  if (format === "json lines") return { rows: jsonLines(text, file, { keysOnce: true }), notices };
  checkSeparator(text, file, format === "csv" ? "," : "\t");
  return { rows: format === "csv" ? csv(text, file) : tsv(text, file), notices };
}

/** Gives the names of a table's columns: of its header, else of all its rows. */
export function columnsOf({ header, rows }: Rows): readonly string[] {
  return header?.columns ?? [...new Set(rows.flatMap(({ cells }) => Object.keys(cells)))];
}

function checkColumn(task: ClassificationTask, rows: Rows, columns: readonly string[], names: readonly string[]): void {
  if (hasColumn(columns, names)) return;
  const name = names.join(" or ");
  const alike = columns.find((column) => visibly(column) === visibly(name));
  const classes = new Set(task.labels.map(visibly));
  const hint =
    alike !== undefined
      ? `; ${marked(alike)} is not ${marked(name)}`
      : rows.header !== null && columns.some((column) => classes.has(visibly(column)))
        ? " (is the first line a row? It has to name the columns)"
        : separatorHint(columns);
  const where = rows.header === null ? rows.file : `${place(rows.header.where)}, header`;
  const listed = JSON.stringify(columns);
  const shown =
    listed.length > 600
      ? `${columns.length} columns: ${few(
          columns.map((column) => JSON.stringify(column)),
          20,
        )}`
      : listed;
  throw new Error(`${where}: expected a column ${name}${nearestHint(name, columns)}${hint}, got ${shown}`);
}

/** Columns that could be taken for one another. */
function columnNotices(file: string, columns: readonly string[], used: readonly string[]): readonly string[] {
  const look = (name: string): string => visibly(name).toLowerCase();
  return used.flatMap((name) => {
    const others = columns.filter((column) => column !== name && look(column) === look(name));
    return others.length === 0
      ? []
      : [`${file}: column ${marked(name)} is used; there is ${few(others.map(marked))} too`];
  });
}

/** Cells that hold what looks like rows of their own, and cells whose quotes were taken for a part of them. */
function quoteNotices(task: ClassificationTask, format: OwnFormat, { file, rows }: Rows): readonly string[] {
  if (format === "json lines" || format === "parquet") return [];
  const classes = new Set(task.labels.map(visibly));
  const separator = format === "csv" ? "," : "\t";
  const isClass = (cell: string | undefined): boolean =>
    cell !== undefined && classes.has(visibly(cell.replaceAll('"', "")));
  const [swallowed, quoted]: [string[], number[]] = [[], []];
  for (const row of rows) {
    const cells = Object.values(row.cells).filter((cell): cell is string => typeof cell === "string");
    const holdsRows = cells.some((cell) => {
      const lines = cell.split("\n");
      const isRow = (line: string): boolean => {
        const parts = line.split(separator);
        return parts.length > 1 && (isClass(parts[0]) || isClass(parts.at(-1)));
      };
      return lines.length > 1 && lines.some(isRow);
    });
    if (holdsRows) swallowed.push(String(row.where.line));
    if (Object.values(task.fields).some((names) => /^\s*".+"\s*$/s.test(String(cellOf(row, names) ?? ""))))
      quoted.push(row.where.line);
  }
  return [
    ...(swallowed.length === 0
      ? []
      : [
          `${file}: a cell with line ends in it holds what looks like rows, in line ${few(swallowed)}: is a quote missing?`,
        ]),
    ...(quoted.length * 2 < rows.length || quoted.length === 0
      ? []
      : [`${file}: texts are in quotes, which are read as a part of them (${quoted.length} rows)`]),
  ];
}

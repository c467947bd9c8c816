import type { AsyncBuffer, FileMetaData } from "hyparquet";
import { fail, show } from "../check/check";
import { answerColumns, examplesOf, labelColumns, place } from "./example";
import type { ReadExamples } from "./example";
import { repeated } from "./read-text";
import type { Rows } from "./row";
import type { HubSource } from "./source";
import type { Task } from "./task";

/**
 * Reads the rows of a parquet file that has the task's columns, as the hub has them. Label numbers are mapped to ours by class
 * name; where the file carries its own class names (the metadata that the `datasets` library writes), they must be the ones
 * declared in the task.
 * @throws when the file is not parquet, a column is missing, the file's class names are others, or a row has no text or an
 *   unknown label (-1 = not labelled), with file and row
 */
export async function readParquet(
  task: Task,
  { labelColumn, labelNames }: HubSource,
  bytes: Uint8Array,
  file: string,
): Promise<ReadExamples> {
  const { rows, metadata } = await parquetRows(bytes, file);
  const columns = rows.header?.columns ?? [];
  if (labelColumn === null)
    return examplesOf(task, rows) ?? fail(`${file}, columns`, answerColumns(task)[0].join(" or "), columns);
  if (!columns.includes(labelColumn)) fail(`${file}, columns`, labelColumn, columns);
  const names = storedNames(metadata, labelColumn) ?? labelNames;
  if (names.join() !== labelNames.join()) fail(`${file}, class names of ${labelColumn}`, labelNames.join(", "), names);
  const column = task.kind === "classification" ? labelColumns(task)[0] : labelColumn;
  const skipped = task.kind === "classification" ? (task.noLabel ?? []) : [];
  const named = rows.rows.map(({ cells, where }) => {
    const number = Number(cells[labelColumn]);
    const label = skipped.includes(String(number)) ? String(number) : labelNames[number];
    if (label === undefined) fail(`${place(where)}, ${labelColumn}`, `0..${labelNames.length - 1}`, number);
    return { cells: { ...cells, [column]: label }, where };
  });
  const header = rows.header && { ...rows.header, columns: [...columns, column] };
  return examplesOf(task, { ...rows, header, rows: named }) ?? fail(file, "labels", "none");
}

/** Makes a parquet file's rows, nested columns as objects and lists, and its metadata. @throws when it is none, or has no rows */
export async function parquetRows(
  bytes: Uint8Array,
  file: string,
): Promise<{ readonly rows: Rows; readonly metadata: FileMetaData }> {
  const { parquetMetadata, parquetReadObjects, parquetSchema } = await import("hyparquet");
  const whole = new Uint8Array(bytes).buffer; // a copy: a Buffer may be a view of a larger one
  const buffer: AsyncBuffer = { byteLength: whole.byteLength, slice: (start, end) => whole.slice(start, end) };
  const metadata = metadataOf(() => parquetMetadata(whole), file);
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  const twice = repeated(columns);
  if (twice !== undefined) fail(`${file}, columns`, "different names", `${twice} twice`);
  const found = await parquetReadObjects({ file: buffer, metadata });
  if (found.length === 0) fail(file, "rows", "none");
  const rows = found.map((cells, i) => ({ cells, where: { file, line: i + 1 } }));
  return { rows: { file, header: { columns, where: { file, line: 1 } }, rows, short: 0 }, metadata };
}

function metadataOf(read: () => FileMetaData, file: string): FileMetaData {
  try {
    return read();
  } catch (error) {
    return fail(file, "a parquet file", error instanceof Error ? error.message : show(error));
  }
}

/** The ClassLabel names that the `datasets` library stores with a file, or null. */
function storedNames(metadata: FileMetaData, column: string): readonly string[] | null {
  const stored = metadata.key_value_metadata?.find(({ key }) => key === "huggingface")?.value;
  if (stored === undefined) return null;
  try {
    const parsed = JSON.parse(stored) as {
      readonly info?: { readonly features?: Readonly<Record<string, { readonly names?: readonly string[] }>> };
    };
    return parsed.info?.features?.[column]?.names ?? null;
  } catch {
    return null;
  }
}

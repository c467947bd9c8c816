import type { AsyncBuffer, FileMetaData } from "hyparquet";
import { fail, show } from "../check/check";
import { exampleOf, labelOf, place } from "./read-text";
import type { Example, Task } from "./task";

/**
 * Reads the rows of a parquet file that has the task's text columns and its hub label column (integers).
 * Label numbers are mapped to ours by class name; where the file carries its own class names (the metadata that the `datasets`
 * library writes), they must be the ones declared in the task.
 * @throws when the file is not parquet, a column is missing, the file's class names are others, or a row has no text or an
 *   unknown label (-1 = not labelled), with file and row
 */
export async function readParquet(task: Task, bytes: Uint8Array, file: string): Promise<readonly Example[]> {
  const { parquetMetadata, parquetReadObjects } = await import("hyparquet");
  const whole = new Uint8Array(bytes).buffer; // a copy: a Buffer may be a view of a larger one
  const buffer: AsyncBuffer = { byteLength: whole.byteLength, slice: (start, end) => whole.slice(start, end) };
  const metadata = metadataOf(() => parquetMetadata(whole), file);
  const present = metadata.schema.slice(1).map((element) => element.name);
  const { labelColumn, labelNames } = task.hub;
  const columnOf = (names: readonly string[]) =>
    names.find((name) => present.includes(name)) ?? fail(`${file}, columns`, names.join(" or "), present);
  const textColumns = Object.entries(task.fields).map(([field, names]) => ({ field, column: columnOf(names) }));
  columnOf([labelColumn]);
  const names = classNames(metadata, labelColumn) ?? labelNames;
  if (names.join() !== labelNames.join()) fail(`${file}, class names of ${labelColumn}`, labelNames.join(", "), names);
  const columns = [...textColumns.map(({ column }) => column), labelColumn];
  const rows = await parquetReadObjects({ file: buffer, metadata, columns });
  if (rows.length === 0) fail(file, "rows", "none");
  return rows.map((row, i) => {
    const where = { file, line: i + 1 };
    const number = Number(row[labelColumn]);
    const name = labelNames[number] ?? fail(`${place(where)}, ${labelColumn}`, `0..${labelNames.length - 1}`, number);
    const fields = textColumns.map(({ field, column }) => [field, textOf(row[column])] as const);
    return exampleOf(task, Object.fromEntries(fields), String(labelOf(task, name, where)), where);
  });
}

function metadataOf(read: () => FileMetaData, file: string): FileMetaData {
  try {
    return read();
  } catch (error) {
    return fail(file, "a parquet file", error instanceof Error ? error.message : show(error));
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The ClassLabel names that the `datasets` library stores with a file, or null. */
function classNames(metadata: FileMetaData, column: string): readonly string[] | null {
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

import { resolve as inProject } from "node:path";
import { Worker } from "node:worker_threads";
import { fail } from "../check/check";
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
  const { rows, note } = await parquetRows(bytes, file);
  const columns = rows.header?.columns ?? [];
  if (labelColumn === null)
    return examplesOf(task, rows) ?? fail(`${file}, columns`, answerColumns(task)[0].join(" or "), columns);
  if (!columns.includes(labelColumn)) fail(`${file}, columns`, labelColumn, columns);
  const names = storedNames(note, labelColumn) ?? labelNames;
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

/** Makes a parquet file's rows, nested columns as objects and lists, and the note that the `datasets` library leaves in it. @throws when it is none, or has no rows */
export async function parquetRows(
  bytes: Uint8Array,
  file: string,
): Promise<{ readonly rows: Rows; readonly note: string | null }> {
  const { columns, rows: found, note } = await inThread(bytes, file);
  const twice = repeated(columns);
  if (twice !== undefined) fail(`${file}, columns`, "different names", `${twice} twice`);
  if (found.length === 0) fail(file, "rows", "none");
  const rows = found.map((cells, i) => ({ cells, where: { file, line: i + 1 } }));
  return { rows: { file, header: { columns, where: { file, line: 1 } }, rows, short: 0 }, note };
}

/** What the thread answers. */
interface Found {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly note: string | null;
}

const MEGABYTES = 2048;
const PATIENCE_MS = { least: 20_000, eachMegabyte: 2000 };

/** Reads the file in a thread of its own, which ends with it, or when it takes more time or memory than a sound file does. */
function inThread(bytes: Uint8Array, file: string): Promise<Found> {
  const refused = (got: string): Error => new Error(`${file}: expected a parquet file, got ${got}`);
  return new Promise((resolve, reject) => {
    const whole = new Uint8Array(bytes).buffer; // a copy: a Buffer may be a view of a larger one
    const patience = PATIENCE_MS.least + (PATIENCE_MS.eachMegabyte * bytes.length) / 1e6;
    const worker = new Worker(inProject("src/task/parquet-worker.cjs"), {
      workerData: { bytes: whole },
      transferList: [whole],
      resourceLimits: { maxOldGenerationSizeMb: MEGABYTES },
      execArgv: [],
    });
    const late = refused(`one that is not read within ${Math.round(patience / 1000)} s (damaged?)`);
    const timer = setTimeout(() => end(() => reject(late)), patience);
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      settle();
      void worker.terminate();
    };
    worker.on("message", (answer: Found | { readonly error: string }) =>
      end(() => ("error" in answer ? reject(refused(answer.error)) : resolve(answer))),
    );
    worker.on("error", (error) => end(() => reject(refused(error.message))));
    worker.on("exit", () => end(() => reject(refused("one whose reading ended early (damaged?)"))));
  });
}

/** The ClassLabel names that the `datasets` library stores with a file, or null. */
function storedNames(stored: string | null, column: string): readonly string[] | null {
  if (stored === null) return null;
  try {
    const parsed = JSON.parse(stored) as {
      readonly info?: { readonly features?: Readonly<Record<string, { readonly names?: readonly string[] }>> };
    };
    return parsed.info?.features?.[column]?.names ?? null;
  } catch {
    return null;
  }
}

import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { openLineFile, readLines } from "../train/line-file";
import { takeLock } from "./lock";
import type { Lock } from "./lock";
import { checkRecord } from "./record";
import type { ExperimentRecord } from "./record";

/** The records of a file, one line each, and what was left of a half-written last one. */
export interface Records {
  readonly records: readonly ExperimentRecord[];
  readonly recovered: string | null;
}

/**
 * Reads the records of an experiment; a missing file has none, a half-written last line is dropped and said.
 * @throws when a line is no record or one of another format version (file and line are named)
 */
export function readRecords(path: string): Records {
  if (!existsSync(path)) return { records: [], recovered: null };
  const { values, recovered } = readLines(path);
  return { records: values.map(({ line, value }) => checkRecord(`${path}:${line}`, value)), recovered };
}

/** Where an experiment keeps its records and the trajectories of runs that are not finished. One process at a time. */
export interface Store {
  /** Says what was recovered when the store was opened; null when the file was whole. */
  readonly recovered: string | null;
  has(key: string): boolean;
  /** Keeps other experiments from making this run at the same time; null where one does. */
  claim(key: string): Lock | null;
  append(record: ExperimentRecord): void;
  /** The trajectory file of a run that is going on. */
  partialPath(key: string): string;
  /** Deletes the trajectory of a run that has its record. */
  forget(key: string): void;
  close(): void;
}

export interface StoreOptions {
  /** data/results/<name>.jsonl */
  readonly recordsPath: string;
  /** .cache/experiments */
  readonly partialFolder: string;
  /** Records of other experiments, whose runs are not made again. */
  readonly others?: readonly string[];
}

/** Whether one of these files has a record of a key; a file is read again when it has grown. */
function keysIn(paths: readonly string[]): (key: string) => boolean {
  const known = new Map<string, { readonly size: number; readonly keys: ReadonlySet<string> }>();
  return (key) =>
    paths.some((path) => {
      const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      const before = known.get(path);
      const now = before?.size === size ? before : { size, keys: keysOf(path) };
      known.set(path, now);
      return now.keys.has(key);
    });
}

function keysOf(path: string): ReadonlySet<string> {
  return new Set(readRecords(path).records.map(({ key }) => key));
}

/** Which runs have a record, without locking: for listing while another process runs. */
export function viewStore({
  recordsPath,
  partialFolder,
  others = [],
}: StoreOptions): Pick<Store, "has" | "partialPath"> {
  return { has: keysIn([recordsPath, ...others]), partialPath: (key) => join(partialFolder, `${key}.jsonl`) };
}

/**
 * Opens the records of an experiment for writing, and locks them (`<partialFolder>/<name>.lock`).
 * @throws when another process has them open, or a record is of another format version
 */
export function openStore({ recordsPath, partialFolder, others = [] }: StoreOptions): Store {
  const name = recordsPath.replace(/^.*[\\/]/, "").replace(/\.jsonl$/, "");
  const lock = takeLock(join(partialFolder, `${name}.lock`));
  try {
    const { records, recovered } = readRecords(recordsPath);
    const keys = new Set(records.map(({ key }) => key));
    const elsewhere = keysIn(others);
    const keepBytes = existsSync(recordsPath) ? readLines(recordsPath).goodBytes : 0;
    const sink = openLineFile(recordsPath, { keepBytes, sync: true });
    const partialPath = (key: string) => join(partialFolder, `${key}.jsonl`);
    return {
      recovered,
      has: (key) => keys.has(key) || elsewhere(key),
      claim(key) {
        try {
          return takeLock(`${partialPath(key)}.lock`);
        } catch {
          return null;
        }
      },
      append(record) {
        sink.append(JSON.stringify(record));
        keys.add(record.key);
      },
      partialPath,
      forget(key) {
        rmSync(partialPath(key), { force: true });
        rmSync(`${partialPath(key)}.snapshot`, { force: true });
      },
      close() {
        sink.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

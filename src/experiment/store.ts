import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { openLineFile, readLines } from "../train/line-file";
import { takeLock, withLock } from "./lock";
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

/** Where an experiment keeps its records and the trajectories of runs that are not finished. */
export interface Store {
  /** Says what was recovered when the store was opened; null when the file was whole. */
  readonly recovered: string | null;
  has(key: string): boolean;
  /** Keeps other processes from making this run at the same time; null where one does. */
  claim(key: string): Lock | null;
  append(record: ExperimentRecord): void;
  /** The trajectory file of a run that is going on. */
  partialPath(key: string): string;
  /** Deletes the trajectory of a run that has its record. */
  forget(key: string): void;
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
 * Opens the records of an experiment for writing. Several processes may: each claims the runs that it makes, and holds
 * `<partialFolder>/<name>.lock` while it writes a line.
 * @throws when a record is of another format version
 */
export function openStore({ recordsPath, partialFolder, others = [] }: StoreOptions): Store {
  const name = recordsPath.replace(/^.*[\\/]/, "").replace(/\.jsonl$/, "");
  const lockPath = join(partialFolder, `${name}.lock`);
  const has = keysIn([recordsPath, ...others]);
  const { recovered } = withLock(lockPath, () => readRecords(recordsPath));
  const partialPath = (key: string) => join(partialFolder, `${key}.jsonl`);
  return {
    recovered,
    has,
    claim(key) {
      try {
        return takeLock(`${partialPath(key)}.lock`);
      } catch {
        return null;
      }
    },
    append: (record) => withLock(lockPath, () => appendLine(recordsPath, JSON.stringify(record))),
    partialPath,
    forget(key) {
      rmSync(partialPath(key), { force: true });
      rmSync(`${partialPath(key)}.snapshot`, { force: true });
    },
  };
}

/** Appends a line after the last whole one: a process that was killed may have left the half of one. */
function appendLine(path: string, line: string): void {
  const keepBytes = existsSync(path) ? readLines(path).goodBytes : 0;
  const sink = openLineFile(path, { keepBytes, sync: true });
  try {
    sink.append(line);
  } finally {
    sink.close();
  }
}

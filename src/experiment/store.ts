import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fail } from "../check/check";
import { messageOf } from "../check/error-words";
import { takeLock, withLock } from "../disk/lock";
import type { Lock } from "../disk/lock";
import { writeWhole } from "../disk/whole-file";
import { splitCheck, withCheck, wrongCheck } from "../train/checksum";
import { openLineFile, readLines } from "../train/line-file";
import type { BadLine, Line } from "../train/line-file";
import { hasFault } from "./faults";
import { checkRecord } from "./record";
import type { ExperimentRecord } from "./record";
import { recordFiles } from "./share";

/** The records of an experiment, what was left of a half-written last line, and the lines that cannot be used. */
export interface Records {
  readonly records: readonly ExperimentRecord[];
  readonly recovered: string | null;
  readonly damaged: readonly BadLine[];
}

/**
 * Reads the records of an experiment, of its file and of those that parts of its grid have left beside it (a run that two of them have counts
 * once); where there is none it has none, a half-written last line is dropped and said. A line that is no record, was
 * changed since it was written (new ones have a checksum each), or is of another format version, is passed over and said: the others
 * do not need it.
 * For example `complaints(readRecords("data/results/ablation.jsonl")).forEach((line) => console.log(line))`.
 */
export function readRecords(path: string): Records {
  const found = recordFiles(path).map(readFile);
  const seen = new Set<string>();
  const records = found.flatMap((file) => {
    const fresh = file.records.filter(({ key }) => !seen.has(key));
    fresh.forEach(({ key }) => seen.add(key));
    return fresh;
  });
  const recovered = found.flatMap((file) => file.recovered ?? []);
  return {
    records,
    recovered: recovered.length === 0 ? null : recovered.join("\n"),
    damaged: found.flatMap(({ damaged }) => damaged),
  };
}

function readFile(path: string): Records {
  const damaged: BadLine[] = [];
  const { values, recovered } = readLines(path, (bad) => damaged.push(bad));
  const records = values.flatMap((line) => {
    try {
      return recordIn(path, line);
    } catch (error) {
      const why = messageOf(error);
      damaged.push({ where: `${path}:${line.line}`, why: why.replace(`${path}:${line.line}: `, "") });
      return [];
    }
  });
  return { records, recovered, damaged };
}

function recordIn(path: string, { line, text, value }: Line): ExperimentRecord {
  const where = `${path}:${line}`;
  const checked = splitCheck(text);
  const record = checkRecord(where, value);
  const right = wrongCheck(checked);
  if (right !== null) fail(`${where}: checksum`, `${right}, that of the line as it is`, checked.check);
  return record;
}

/** Gives what is to be told of a file of records, a sentence each: what was dropped, which lines were passed over, and what to do. */
export function complaints({ recovered, damaged }: Pick<Records, "recovered" | "damaged">): readonly string[] {
  const passed = damaged.map(
    ({ where, why }) =>
      `${where}: damaged, passed over: ${why} (bring the line back from a copy, or delete it: \`npm run experiment\` makes its run again)`,
  );
  return [...(recovered === null ? [] : [recovered]), ...passed];
}

/** Gives the keys of the records in these files that have a known fault. */
export function faultyKeys(paths: readonly string[]): ReadonlySet<string> {
  return new Set(
    paths.flatMap((path) =>
      readRecords(path)
        .records.filter(hasFault)
        .map(({ key }) => key),
    ),
  );
}

/** Where an experiment keeps its records and the trajectories of runs that are not finished. */
export interface Store {
  /** Says what was recovered when the store was opened; null when the file was whole. */
  readonly recovered: string | null;
  /** The lines that could not be used then; their runs are made again. */
  readonly damaged: readonly BadLine[];
  has(key: string): boolean;
  /** Keeps other processes from making this run at the same time; null where one does. */
  claim(key: string): Lock | null;
  /** Adds a record; in the place of one of the same run that is made again, in whichever file that stands. */
  append(record: ExperimentRecord): void;
  /** The trajectory file of a run that is going on. */
  partialPath(key: string): string;
  /** Deletes the trajectory of a run that has its record. */
  forget(key: string): void;
}

export interface StoreOptions {
  /** data/results/<name>.jsonl: what is there counts. */
  readonly recordsPath: string;
  /** Where new records go; default: there. */
  readonly appendPath?: string;
  /** .cache/experiments */
  readonly partialFolder: string;
  /** Records of other experiments, whose runs are not made again. */
  readonly others?: readonly string[];
  /** Records that do not count: their runs are made again. Default: every record counts. */
  readonly again?: (record: ExperimentRecord) => boolean;
}

const NONE = (): boolean => false;

/** Whether one of these files, or of those of their parts, has a record of a key that counts; a file is read again when it has changed. */
function keysIn(paths: readonly string[], again: (record: ExperimentRecord) => boolean): (key: string) => boolean {
  const known = new Map<string, { readonly state: string; readonly keys: ReadonlySet<string> }>();
  return (key) =>
    paths.flatMap(recordFiles).some((path) => {
      const stat = statSync(path, { throwIfNoEntry: false });
      const state = stat === undefined ? "" : `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
      const before = known.get(path);
      const now = before?.state === state ? before : { state, keys: keysOf(path, again) };
      known.set(path, now);
      return now.keys.has(key);
    });
}

function keysOf(path: string, again: (record: ExperimentRecord) => boolean): ReadonlySet<string> {
  return new Set(
    readFile(path)
      .records.filter((record) => !again(record))
      .map(({ key }) => key),
  );
}

/** Says which runs have a record, without locking: for listing while another process runs. */
export function viewStore({
  recordsPath,
  partialFolder,
  others = [],
  again = NONE,
}: StoreOptions): Pick<Store, "has" | "partialPath"> {
  return { has: keysIn([recordsPath, ...others], again), partialPath: (key) => join(partialFolder, `${key}.jsonl`) };
}

/**
 * Opens the records of an experiment for writing. Several processes may: each claims the runs that it makes, and holds
 * `<partialFolder>/<name>.lock` while it writes a line.
 */
export function openStore({
  recordsPath,
  appendPath = recordsPath,
  partialFolder,
  others = [],
  again = NONE,
}: StoreOptions): Store {
  const lockOf = (path: string): string =>
    join(partialFolder, `${path.replace(/^.*[\\/]/, "").replace(/\.jsonl$/, "")}.lock`);
  const has = keysIn([recordsPath, ...others], again);
  const { recovered, damaged } = withLock(lockOf(appendPath), () => readRecords(recordsPath));
  const partialPath = (key: string) => join(partialFolder, `${key}.jsonl`);
  return {
    recovered,
    damaged,
    has,
    claim(key) {
      try {
        return takeLock(`${partialPath(key)}.lock`);
      } catch {
        return null;
      }
    },
    append(record) {
      const line = withCheck(JSON.stringify(record));
      const old = (other: ExperimentRecord): boolean => other.key === record.key && again(other);
      for (const path of again === NONE ? [] : [recordsPath, ...others].flatMap(recordFiles))
        if (withLock(lockOf(path), () => replaceLine(path, old, line))) return;
      withLock(lockOf(appendPath), () => appendLine(appendPath, line));
    },
    partialPath,
    forget(key) {
      rmSync(partialPath(key), { force: true });
      rmSync(`${partialPath(key)}.snapshot`, { force: true });
    },
  };
}

/** Appends a line after the last whole one: a process that was killed may have left the half of one. */
function appendLine(path: string, line: string): void {
  const keepBytes = existsSync(path) ? readLines(path, () => undefined).goodBytes : 0;
  const sink = openLineFile(path, { keepBytes, sync: true });
  try {
    sink.append(line);
  } finally {
    sink.close();
  }
}

/** Puts a line in the place of the first record that `old` finds; the other lines keep their bytes. @returns whether there was one */
function replaceLine(path: string, old: (record: ExperimentRecord) => boolean, line: string): boolean {
  const { values, goodBytes } = readLines(path, () => undefined);
  const found = values.find((value) => {
    try {
      return old(recordIn(path, value));
    } catch {
      return false;
    }
  });
  if (found === undefined) return false;
  const bytes = readFileSync(path);
  const { begin, end } = found;
  writeWhole(
    path,
    Buffer.concat([bytes.subarray(0, begin), Buffer.from(`${line}\n`, "utf8"), bytes.subarray(end, goodBytes)]),
  );
  return true;
}

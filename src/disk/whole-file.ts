import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { codeOf, messageOf } from "../check/error-words";
import { isDeadWriter, writerMark } from "./holder";
import { makeFolder } from "./make-folder";

/** Writes the content of an open file; bytes, text, or a function that writes it piece by piece. */
export type Content = string | Uint8Array | ((file: number) => void);

/**
 * Replaces a file as a whole: readers see the old content or the new, never a part, also after a power cut (the disk has the new one
 * before it gets the name). Temporary files that dead processes left of it are removed.
 * For example `writeWhole("data/runs/first/summary.json", "{}")`.
 * @throws when the disk does not take it; then the old content is still there, and nothing beside it
 */
export function writeWhole(path: string, content: Content): void {
  try {
    makeFolder(dirname(path));
  } catch (error) {
    throw notWritten(path, error);
  }
  removeLeftovers(path);
  const beside = besideOf(path);
  try {
    writeSynced(beside, content);
    fs.renameSync(beside, path);
    syncFolder(dirname(path));
  } catch (error) {
    fs.rmSync(beside, { force: true });
    throw notWritten(path, error);
  }
}

/** Gives the temporary name under which this process writes what is to be called `path`. */
export function besideOf(path: string, ending: Ending = "part"): string {
  return `${path}.${writerMark()}.${ending}`;
}

/** part: being written; old: what a new folder takes the place of; swap: which files are to get their names; incomplete: loaded so far, worth going on from. */
const ENDINGS = ["part", "old", "swap", "incomplete"] as const;
export type Ending = (typeof ENDINGS)[number];

/** Something that a save left beside its target, and whether its writer is gone. */
export interface Leftover {
  readonly path: string;
  readonly ending: Ending;
  /** Tells one save from another: equal in all that one of them leaves. */
  readonly mark: string;
  readonly dead: boolean;
}

/** Gives what saves of `path` have left beside it, those in progress included. */
export function leftoversOf(path: string): readonly Leftover[] {
  const start = `${basename(path)}.`;
  return entriesOf(dirname(path)).flatMap((name) => {
    const rest = name.startsWith(start) ? name.slice(start.length) : "";
    const [, mark, ending] = OURS.exec(rest) ?? EARLIER.exec(rest) ?? [];
    const found = join(dirname(path), name);
    const stat = mark === undefined ? undefined : fs.lstatSync(found, { throwIfNoEntry: false });
    if (mark === undefined || stat === undefined || (ending === undefined && !stat.isFile())) return [];
    const known = ENDINGS.find((name) => name === ending) ?? "part";
    return [{ path: found, ending: known, mark, dead: isDeadWriter(mark, Date.now() - stat.mtimeMs) }];
  });
}

/** What stands behind a target's name: who writes, and what it is; earlier versions called their files ".part" and ".123.tmp". */
const OURS = new RegExp(`^(\\d+-\\d*-[0-9a-f]{8}-[0-9a-f]{8})\\.(${ENDINGS.join("|")})$`);
const EARLIER = /^(part|\d+\.tmp)$/;

/** Removes the temporary files that dead writers left of `path`; those of living ones stay. */
export function removeLeftovers(path: string): void {
  for (const { path: found, ending, dead } of leftoversOf(path))
    if (dead && ending === "part") fs.rmSync(found, { recursive: true, force: true });
}

/** Writes a file and waits until the disk has it. */
export function writeSynced(path: string, content: Content): void {
  const file = fs.openSync(path, "w");
  try {
    if (typeof content === "function") content(file);
    else writeAll(file, typeof content === "string" ? Buffer.from(content, "utf8") : content);
    fs.fsyncSync(file);
  } finally {
    fs.closeSync(file);
  }
}

/** Writes all the bytes, at the file's position. */
export function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += fs.writeSync(file, bytes, done, bytes.length - done);
}

/** Waits until the disk has a folder's names; where the system cannot, it does nothing. */
export function syncFolder(folder: string): void {
  let file: number;
  try {
    file = fs.openSync(folder, "r");
  } catch {
    return;
  }
  try {
    fs.fsyncSync(file);
  } catch {
    // Some disks and systems sync no folders: the names are theirs to keep.
  } finally {
    fs.closeSync(file);
  }
}

/** Gives the error that says what could not be written, and what helps. */
export function notWritten(path: string, error: unknown): Error {
  const got = messageOf(error);
  const hint = codeOf(error) === "ENOSPC" ? "the disk is full: make room" : "check the folder";
  return new Error(`${path}: expected to write it, got ${got} (${hint}; what was there before is still whole)`, {
    cause: error,
  });
}

function entriesOf(folder: string): readonly string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}

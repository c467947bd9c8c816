import * as fs from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { makeFolder } from "./make-folder";
import { besideOf, leftoversOf, notWritten, syncFolder, writeSynced, writeWhole } from "./whole-file";
import type { Content } from "./whole-file";

/** Files by their names in a folder. */
export type FolderFiles = Readonly<Record<string, Content>>;

export interface FolderOptions {
  /** The file by which a folder counts as saved: where the folder itself cannot be replaced, it goes first and comes last. */
  readonly last: string;
  /** Files of an older save that are not kept when they are not written again; everything else in the folder is. */
  readonly drop?: readonly string[];
}

/**
 * Saves a folder as a whole: under its name is the old save or the new one, never some files of each, whenever the process is killed
 * and also after a power cut. The files are written to a folder beside it, which then takes its name; other files of the old one go along.
 * A kill in the instant between the two renames leaves nothing under the name: `settleFolder`, which the next save or reader calls,
 * then puts the new one there. A folder that cannot be moved (a mounted one, the current one, one with folders in it) stays, and is
 * the new save, or none, after a kill.
 * @throws when the disk does not take it; then nothing is left beside it
 */
export function writeFolder(folder: string, files: FolderFiles, options: FolderOptions): void {
  const target = resolve(folder);
  settleFolder(target);
  const beside = besideOf(target);
  try {
    if (!isMovable(target) || !replaced(target, beside, files, options)) writeInPlace(target, files, options);
  } catch (error) {
    try {
      fs.rmSync(beside, { recursive: true, force: true });
    } catch {
      // Where not even that can be done, what went wrong first is what has to be said.
    }
    throw notWritten(folder, error);
  }
}

/** Ends what killed saves of a folder have left: it has its name again, and nothing stays beside it. */
export function settleFolder(folder: string): void {
  const target = resolve(folder);
  const left = leftoversOf(target).filter(({ dead }) => dead);
  for (const { path: old, mark } of left.filter(({ ending }) => ending === "old")) {
    const whole = left.find((other) => other.ending === "part" && other.mark === mark)?.path ?? old;
    try {
      if (!fs.existsSync(target)) fs.renameSync(whole, target);
    } catch {
      // Another process was quicker.
    }
  }
  for (const { path } of left) fs.rmSync(path, { recursive: true, force: true });
}

/**
 * Reads several files as one save left them: where one was replaced meanwhile, all are read again.
 * @param paths the files, or the folder that they are in
 */
export function readTogether<T>(paths: readonly string[], read: () => T): T {
  const stamp = (): string =>
    paths
      .map((path) => fs.statSync(path, { throwIfNoEntry: false }))
      .map((found) => `${found?.ino} ${found?.mtimeMs}`)
      .join();
  for (let attempt = 0; ; attempt++) {
    const before = stamp();
    const isLast = (): boolean => attempt === 5 || before === stamp();
    try {
      const found = read();
      if (isLast()) return found;
    } catch (error) {
      if (isLast()) throw error;
    }
  }
}

/** What is in folders of it, or is done in them now, cannot go along. */
function isMovable(target: string): boolean {
  if (fs.lstatSync(target, { throwIfNoEntry: false }) === undefined) return true;
  if (fs.lstatSync(target).isSymbolicLink()) return false;
  const inside = relative(target, process.cwd());
  if (inside === "" || !inside.startsWith("..")) return false;
  return fs.readdirSync(target, { withFileTypes: true }).every((entry) => entry.isFile());
}

/** Writes beside and gives it the name; false where the old folder cannot be moved. */
function replaced(target: string, beside: string, files: FolderFiles, { drop = [] }: FolderOptions): boolean {
  try {
    makeFolder(dirname(target));
    fs.mkdirSync(beside);
  } catch (error) {
    if (fs.existsSync(target)) return false;
    throw error;
  }
  for (const [name, content] of Object.entries(files)) writeSynced(join(beside, name), content);
  const known = [...Object.keys(files), ...drop];
  for (const name of fs.existsSync(target) ? fs.readdirSync(target) : [])
    if (!known.includes(name)) linkOrCopy(join(target, name), join(beside, name));
  syncFolder(beside);
  const done = swapped(beside, target);
  if (!done) fs.rmSync(beside, { recursive: true, force: true });
  syncFolder(dirname(target));
  return done;
}

function swapped(beside: string, target: string): boolean {
  const old = beside.replace(/part$/, "old");
  if (!fs.existsSync(target)) {
    fs.renameSync(beside, target);
    return true;
  }
  try {
    fs.renameSync(target, old);
  } catch {
    return false;
  }
  try {
    fs.renameSync(beside, target);
  } catch (error) {
    fs.renameSync(old, target);
    throw error;
  }
  fs.rmSync(old, { recursive: true, force: true });
  return true;
}

/** Replaces file by file: without its last file the folder is no save, so it is never half of one. */
function writeInPlace(target: string, files: FolderFiles, { last, drop = [] }: FolderOptions): void {
  const names = Object.keys(files);
  fs.rmSync(join(target, last), { force: true });
  syncFolder(target);
  for (const name of drop) if (!names.includes(name)) fs.rmSync(join(target, name), { force: true });
  for (const name of [...names.filter((other) => other !== last), last]) {
    const content = files[name];
    if (content !== undefined) writeWhole(join(target, name), content);
  }
}

function linkOrCopy(from: string, to: string): void {
  try {
    fs.linkSync(from, to);
  } catch {
    fs.copyFileSync(from, to);
  }
}

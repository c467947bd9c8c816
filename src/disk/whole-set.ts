import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { codeOf } from "../check/error-words";
import { makeFolder } from "./make-folder";
import { besideOf, leftoversOf, notWritten, removeLeftovers, syncFolder, writeSynced } from "./whole-file";
import type { Content } from "./whole-file";

/**
 * Saves several files beside each other as one: all are the old ones or all the new ones, whenever the process is killed. They are written
 * under temporary names, then a note says which is to get which name, and only then do they get them; `settleFiles` ends what was cut off.
 * @param files paths in one folder, the first of which the note is called after
 * @throws when the disk does not take them; then the old ones are still there
 */
export function writeFiles(files: readonly (readonly [path: string, content: Content])[]): void {
  const paths = files.map(([path]) => path);
  const [first] = paths;
  if (first === undefined) return;
  settleFiles(first);
  for (const path of paths) removeLeftovers(path);
  const folder = dirname(first);
  const moves = paths.map((path) => ({ from: besideOf(path), to: path }));
  const [half, note] = [besideOf(first), besideOf(first, "swap")];
  try {
    makeFolder(folder);
    for (const [i, [, content]] of files.entries()) writeSynced(moves[i]!.from, content);
    writeSynced(half, JSON.stringify(moves.map(({ from, to }) => [basename(from), basename(to)])));
    fs.renameSync(half, note);
    syncFolder(folder);
  } catch (error) {
    for (const path of [half, note, ...moves.map(({ from }) => from)]) fs.rmSync(path, { force: true });
    throw notWritten(first, error);
  }
  move(note);
}

/** Ends what a killed `writeFiles` has left: files that were written and noted get their names. */
export function settleFiles(first: string): void {
  for (const { path, ending, dead } of leftoversOf(first)) if (dead && ending === "swap") move(path);
}

/** Gives the noted files their names, those that have it already left out: another process may do the same now. */
function move(note: string): void {
  const folder = dirname(note);
  for (const [from, to] of movesOf(note))
    try {
      fs.renameSync(join(folder, basename(from)), join(folder, basename(to)));
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
    }
  syncFolder(folder);
  fs.rmSync(note, { force: true });
}

function movesOf(note: string): readonly (readonly [string, string])[] {
  try {
    return JSON.parse(fs.readFileSync(note, "utf8")) as readonly (readonly [string, string])[];
  } catch {
    return [];
  }
}

import * as fs from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "../check/error-words";

/**
 * Makes a folder, and those that it is to lie in, unless it is there. Node's own `recursive` never ends where the system says of a folder that it
 * cannot be made, in a folder that is there, that there is none (as below `/proc`).
 * For example `makeFolder("data/runs/mine")`.
 * @throws what the system says
 */
export function makeFolder(path: string): void {
  if (isFolder(path)) return;
  const above = dirname(path);
  if (above !== path && !fs.existsSync(above)) makeFolder(above);
  try {
    fs.mkdirSync(path);
  } catch (error) {
    // Another process may just have made it.
    if (codeOf(error) !== "EEXIST" || !isFolder(path)) throw error;
  }
}

function isFolder(path: string): boolean {
  return fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

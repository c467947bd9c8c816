import { statSync } from "node:fs";
import { fail } from "../check/check";

/**
 * Checks that a path names a file that is there.
 * @param what what the path was given as
 * @throws naming the path, and whether it is a folder
 * @example requireFile("file", "no-such.csv") // throws "file: expected an existing file, got \"no-such.csv\""
 */
export function requireFile(what: string, path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) fail(what, "an existing file", path);
  if (found.isDirectory()) fail(what, "an existing file, not a folder", path);
}

import { readFileSync } from "node:fs";

/** Gives the text of a file; null where it cannot be read, also when another process has just removed it. @example readText("no/such/file") // null */
export function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

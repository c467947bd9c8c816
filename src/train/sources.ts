import { existsSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fingerprint } from "./fingerprint";

/** Files by their paths from the project's root, each with a hash of what it computes. */
export type SourceHashes = Readonly<Record<string, string>>;

/**
 * Hashes the files that these files need to run, themselves included: all that they import, however far down, but no types. Comments on
 * lines of their own, indentation and empty lines do not count.
 * For example `sourceHashes(["src/train/train.ts"])!["src/schedule/power-law.ts"]`: "1b2c...".
 * @param roots paths from the current folder
 * @param counts which files count; default: all
 * @returns null where a root is not there: the project lies elsewhere
 */
export function sourceHashes(
  roots: readonly string[],
  counts: (file: string) => boolean = () => true,
): SourceHashes | null {
  if (!roots.every((file) => existsSync(file))) return null;
  const found = new Map<string, string>();
  const waiting = [...roots];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue;
    const code = codeOf(readFileSync(file, "utf8"));
    found.set(file, fingerprint(code));
    waiting.push(...importedBy(file, code));
  }
  return Object.fromEntries([...found].filter(([file]) => counts(file)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Gives the files in which two states of the source differ, those that only one of them has included.
 * @example changedSources({ "a.ts": "1", "b.ts": "2" }, { "a.ts": "1", "b.ts": "3" }) // ["b.ts"]
 */
export function changedSources(before: SourceHashes, now: SourceHashes): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return names.filter((name) => before[name] !== now[name]);
}

/**
 * A text without what computes nothing: comments on lines of their own, indentation, empty lines. A comment behind code stays: to tell it
 * from a part of a string takes a parser.
 */
function codeOf(text: string): string {
  const kept: string[] = [];
  let comment = false;
  for (const raw of text.split("\n")) {
    let line = raw.trim();
    if (!comment && !line.startsWith("/*")) {
      if (line !== "" && !line.startsWith("//")) kept.push(line);
      continue;
    }
    const end = line.indexOf("*/");
    comment = end < 0;
    line = comment ? "" : line.slice(end + 2).trim();
    if (line !== "") kept.push(line);
  }
  return kept.join("\n");
}

const IMPORTS =
  /^(?:import|export)\s+(?!type\b)[^;"]*?\bfrom\s+"(\.[^"]+)"|^import\s+"(\.[^"]+)"|\b(?:import|require)\("(\.[^"]+)"\)|"(src\/[^"]+\.cjs)"/gm;

/** The files that a file's code loads: imports that are not of types, also later ones, and workers by their path from the root. */
function importedBy(file: string, code: string): readonly string[] {
  return [...code.matchAll(IMPORTS)].flatMap(([, from, bare, later, worker]) => {
    if (worker !== undefined) return existsSync(worker) ? [worker] : [];
    const target = posix.join(posix.dirname(file), from ?? bare ?? later ?? "");
    return [`${target}.ts`, target].filter((path) => existsSync(path)).slice(0, 1);
  });
}

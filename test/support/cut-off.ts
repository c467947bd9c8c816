import { createRequire, syncBuiltinESMExports } from "node:module";

type Fs = Record<string, (...args: unknown[]) => unknown>;
const fs = createRequire(import.meta.url)("node:fs") as Fs;

/** All that changes a disk, or makes sure of a change. */
const CHANGES =
  "writeFileSync writeSync openSync fsyncSync renameSync rmSync mkdirSync linkSync copyFileSync unlinkSync".split(" ");

/** No process has such a number: what it leaves is known to be a dead one's. */
const DEAD_PID = 2 ** 22 + 7;

/**
 * Runs work as a process would that is killed before its change of the disk with that index (from 0): this one and all after it, those that
 * clean up included, do nothing.
 * @returns false when the work was done before
 */
export function cutOff(index: number, work: () => void): boolean {
  const real = new Map(CHANGES.map((name) => [name, fs[name]!]));
  const pid = process.pid;
  let count = 0;
  for (const [name, call] of real)
    fs[name] = (...args) => {
      if (count++ >= index) throw new Error(`killed at change ${index}, ${name}`);
      return call(...args);
    };
  syncBuiltinESMExports();
  Object.defineProperty(process, "pid", { value: DEAD_PID, configurable: true });
  try {
    work();
    return count > index;
  } catch (error) {
    if (count > index) return true;
    throw error;
  } finally {
    for (const [name, call] of real) fs[name] = call;
    syncBuiltinESMExports();
    Object.defineProperty(process, "pid", { value: pid, configurable: true });
  }
}

/** The names of the changes that some work makes, in order, with the last part of the path or "" for an open file. */
export function changesOf(work: () => void): readonly string[] {
  const real = new Map(CHANGES.map((name) => [name, fs[name]!]));
  const told: string[] = [];
  for (const [name, call] of real)
    fs[name] = (...args) => {
      told.push(name);
      return call(...args);
    };
  syncBuiltinESMExports();
  try {
    work();
    return told;
  } finally {
    for (const [name, call] of real) fs[name] = call;
    syncBuiltinESMExports();
  }
}

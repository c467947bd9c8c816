import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "../check/error-words";
import { isHere, isThisProcess, livesHere, thisProcess } from "./holder";
import type { Holder } from "./holder";
import { makeFolder } from "./make-folder";
import { readText } from "./read-text";
import { besideOf, notWritten, removeLeftovers } from "./whole-file";

/** A lock that is held; `release` gives it back. */
export interface Lock {
  /** Whether it is still held: what gave no sign of life for long is taken over. */
  held(): boolean;
  release(): void;
}

/** Who holds a lock that was wanted. */
export interface LockHolder {
  /** One sentence for people: "process 123 on this computer". */
  readonly who: string;
  /** Whether it is this very process: another cell of the same kernel. */
  readonly same: boolean;
  /** ISO date since when; null where the lock does not say. */
  readonly since: string | null;
}

export type LockAttempt =
  | { readonly lock: Lock; readonly held: null }
  | { readonly lock: null; readonly held: LockHolder; readonly error: Error };

/** Milliseconds between two signs of life of a held lock. */
const BEAT_MS = 5_000;
/** After how many without one a holder elsewhere counts as dead. */
const SILENT_MS = 60_000;
/** After how many a cell of this process does: its code was ended in the middle, and its timers with it. */
const SILENT_HERE_MS = 20_000;

interface Holding extends Holder {
  readonly since?: string;
}

/**
 * Takes a lock file, so that two processes, or two cells of one, never make the same run. A process that crashed holds nothing: here
 * its lock is known to be stale by its process number and start time, in another container or on another computer by a minute
 * without a sign of life.
 * @throws when a living process holds it
 */
export function takeLock(path: string): Lock {
  const got = tryLock(path);
  if (got.lock === null) throw got.error;
  return got.lock;
}

/** Gives the lock, or who holds it. */
export function tryLock(path: string): LockAttempt {
  const mine = `${JSON.stringify({ ...thisProcess(), since: new Date().toISOString(), token: randomBytes(8).toString("hex") })}\n`;
  const beside = besideOf(path);
  try {
    makeFolder(dirname(path));
    removeLeftovers(path);
    fs.writeFileSync(beside, mine);
  } catch (error) {
    fs.rmSync(beside, { force: true });
    throw notWritten(path, error);
  }
  try {
    for (let attempt = 0; attempt < 10; attempt++) {
      if (placed(beside, path, mine)) return { lock: holding(path, mine), held: null };
      const found = readText(path);
      if (found === null) continue;
      if (found === "" && isFresh(beside, path)) {
        pause();
        continue;
      }
      const holder = parse(found);
      if (holder !== null && isAlive(holder, path, beside)) {
        const held = { who: whoIs(holder), same: isThisProcess(holder), since: holder.since ?? null };
        return { lock: null, held, error: heldBy(path, holder) };
      }
      removeStale(path, found);
    }
  } finally {
    fs.rmSync(beside, { force: true });
  }
  throw new Error(`${path}: expected to take the lock, got another process each time; try again`);
}

/**
 * Does something short while holding a lock file, after waiting for another process that holds it.
 * @param patienceMs how long to wait for a living holder
 * @throws when it is still held then, and whatever `work` throws
 */
export function withLock<T>(path: string, work: () => T, patienceMs = 30_000): T {
  const lock = waitForLock(path, performance.now() + patienceMs);
  try {
    return work();
  } finally {
    lock.release();
  }
}

function waitForLock(path: string, until: number): Lock {
  for (;;) {
    const got = tryLock(path);
    if (got.lock !== null) return got.lock;
    if (performance.now() >= until) throw got.error;
    pause();
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
}

function holding(path: string, mine: string): Lock {
  const isMine = (): boolean => readText(path) === mine;
  const held = (): boolean => {
    if (isMine()) return true;
    // Another process that found a stale lock here may just be putting ours back.
    pause();
    return isMine();
  };
  const beat = setInterval(() => {
    try {
      if (isMine()) fs.utimesSync(path, new Date(), new Date());
    } catch {
      // The folder is gone, or the disk is: the next line that is written will say so.
    }
  }, BEAT_MS);
  beat.unref();
  return {
    held,
    release() {
      clearInterval(beat);
      if (isMine()) fs.rmSync(path, { force: true });
    },
  };
}

/** A link appears with its content or not at all, so nobody reads a half-written lock. Where there are no links, a new file does. */
function placed(from: string, to: string, content: string): boolean {
  try {
    fs.linkSync(from, to);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === "EEXIST") return false;
    if (!/^(EPERM|ENOTSUP|ENOSYS|EOPNOTSUPP|EMLINK)$/.test(code)) throw error;
  }
  try {
    fs.writeFileSync(to, content, { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Moves the lock aside before deleting it: if another process was quicker, its fresh lock is put back. */
function removeStale(path: string, stale: string): void {
  const aside = besideOf(path);
  try {
    fs.renameSync(path, aside);
  } catch {
    return;
  }
  const found = readText(aside);
  if (found !== null && found !== stale) placed(aside, path, found);
  fs.rmSync(aside, { force: true });
}

function isAlive(holder: Holder, path: string, beside: string): boolean {
  if (isThisProcess(holder)) return ageOf(path, beside) < SILENT_HERE_MS;
  if (isHere(holder)) return livesHere(holder);
  return ageOf(path, beside) < SILENT_MS;
}

/** Where a lock cannot appear with its content, it is empty for a moment. */
function isFresh(beside: string, path: string): boolean {
  return ageOf(path, beside) < 1_000;
}

/** Milliseconds from the last sign of life to when the file beside was written; both times are the disk's, as clocks of two computers differ. */
function ageOf(path: string, beside: string): number {
  const [last, now] = [path, beside].map((file) => fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return now! - last!;
}

function whoIs(holder: Holding): string {
  const { pid, host } = holder;
  const where = isHere(holder) ? "this computer" : host;
  return `process ${pid} on ${where}${isThisProcess(holder) ? " (this very one: another cell)" : ""}`;
}

function heldBy(path: string, holder: Holding): Error {
  const hint = isHere(holder)
    ? "wait for it to end, or stop it"
    : `delete ${path} if nothing runs there any more (after a minute without a sign of life it is taken over)`;
  return new Error(`${path}: expected that nothing else works on it, got ${whoIs(holder)}; ${hint}`);
}

function parse(text: string): Holding | null {
  try {
    const holder = JSON.parse(text) as Holding;
    return typeof holder.pid === "number" && typeof holder.host === "string" ? holder : null;
  } catch {
    return null;
  }
}

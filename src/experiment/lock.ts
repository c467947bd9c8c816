import * as fs from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";

interface Holder {
  readonly pid: number;
  /** When the process started, in the kernel's own units; null where the system does not tell. */
  readonly processStart: string | null;
  readonly host: string;
}

/** A lock that is held; `release` gives it back. */
export interface Lock {
  release(): void;
}

/**
 * Takes a lock file, so that two processes never make the same run. A process that crashed holds nothing: its lock
 * is known to be stale by its process number and start time.
 * @throws when a living process holds it, or one on another computer may
 */
export function takeLock(path: string): Lock {
  const got = tryLock(path);
  if (got.lock === null) throw heldBy(path, got.holder);
  return got.lock;
}

type Attempt = { readonly lock: Lock } | { readonly lock: null; readonly holder: Holder };

/** The lock, or who holds it. */
function tryLock(path: string): Attempt {
  const mine = `${JSON.stringify(holderOf(process.pid))}\n`;
  fs.mkdirSync(dirname(path), { recursive: true });
  const beside = `${path}.${process.pid}`;
  fs.writeFileSync(beside, mine);
  try {
    for (let attempt = 0; attempt < 10; attempt++) {
      if (linked(beside, path)) return { lock: { release: () => releaseIf(path, mine) } };
      const held = readText(path);
      if (held === null) continue;
      const holder = parse(held);
      if (holder !== null && isAlive(holder)) return { lock: null, holder };
      removeStale(path, held);
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
    if (performance.now() >= until) throw heldBy(path, got.holder);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }
}

/** A link appears with its content or not at all, so nobody reads a half-written lock. */
function linked(from: string, to: string): boolean {
  try {
    fs.linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** Moves the lock aside before deleting it: if another process was quicker, its fresh lock is put back. */
function removeStale(path: string, stale: string): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    fs.renameSync(path, aside);
  } catch {
    return;
  }
  if (readText(aside) !== stale) linked(aside, path);
  fs.rmSync(aside, { force: true });
}

function releaseIf(path: string, mine: string): void {
  if (readText(path) === mine) fs.rmSync(path, { force: true });
}

function isAlive(holder: Holder): boolean {
  if (holder.host !== hostname()) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  const now = processStart(holder.pid);
  return now === null || holder.processStart === null || now === holder.processStart;
}

function heldBy(path: string, holder: Holder): Error {
  const same = holder.host === hostname();
  const hint = same ? "wait for it to end, or stop it" : `delete ${path} if nothing runs there any more`;
  return new Error(
    `${path}: expected that nothing else works on it, got process ${holder.pid} on ${same ? "this computer" : holder.host}; ${hint}`,
  );
}

function holderOf(pid: number): Holder {
  return { pid, processStart: processStart(pid), host: hostname() };
}

/** Field 22 of /proc/PID/stat, counted after the process name, which may hold anything. */
function processStart(pid: number): string | null {
  const stat = readText(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

function parse(text: string): Holder | null {
  try {
    const holder = JSON.parse(text) as Holder;
    return typeof holder.pid === "number" && typeof holder.host === "string" ? holder : null;
  } catch {
    return null;
  }
}

function readText(path: string): string | null {
  try {
    return fs.readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

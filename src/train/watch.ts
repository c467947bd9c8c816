import { statSync } from "node:fs";
import type { Lock, LockHolder } from "../disk/lock";
import { tryTrajectory } from "./claim";
import { readTrajectory } from "./trajectory";
import type { Trajectory } from "./trajectory";

export interface Watching {
  readonly signal: AbortSignal;
  /** Milliseconds between two looks; default 500. */
  readonly everyMs?: number;
  /** Called once where another process, or another cell, writes the trajectory. */
  readonly onHeld: (held: LockHolder) => void;
  /** Called with what the file holds whenever it has grown. */
  readonly onSeen: (trajectory: Trajectory) => void;
}

/** The claim on a trajectory, null where the signal ended the waiting; and who had it before, where one had. */
export interface WatchedClaim {
  readonly claim: Lock | null;
  readonly before: LockHolder | null;
}

/**
 * Claims a trajectory; while another process or cell writes it, reads along. The claim comes when the other gives it back, or has died.
 * @throws when the claim cannot be written at all
 */
export async function claimOrWatch(path: string, options: Watching): Promise<WatchedClaim> {
  const { signal, everyMs = 500, onHeld, onSeen } = options;
  let before: LockHolder | null = null;
  let seen = "";
  for (;;) {
    const got = tryTrajectory(path);
    if (got.lock !== null) return { claim: got.lock, before };
    if (before === null) onHeld(got.held);
    before = got.held;
    const began = performance.now();
    const now = statSync(path, { throwIfNoEntry: false });
    if (seen !== `${now?.size} ${now?.mtimeMs}`) {
      seen = `${now?.size} ${now?.mtimeMs}`;
      const trajectory = readAlong(path);
      if (trajectory !== null) onSeen(trajectory);
    }
    // A long file takes long to read: looking at it takes a tenth of the time at most.
    await pause(Math.max(everyMs, 10 * (performance.now() - began)), signal);
    if (signal.aborted) return { claim: null, before };
  }
}

/** What the other has written so far; null where it cannot be read now. Whether it is sound is told to who goes on with it. */
function readAlong(path: string): Trajectory | null {
  try {
    return readTrajectory(path);
  } catch {
    return null;
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(end, milliseconds);
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    }
    signal.addEventListener("abort", end);
  });
}

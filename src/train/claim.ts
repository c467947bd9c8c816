import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { takeLock, tryLock } from "../disk/lock";
import type { LockAttempt, Lock } from "../disk/lock";
import type { LineSink } from "./line-file";

/**
 * Gives the right to write a trajectory: one process at a time, and one cell of it.
 * @throws when a living process, or another cell of this one, has it
 */
export function claimTrajectory(path: string): Lock {
  return takeLock(lockOf(path));
}

/** Gives the right to write a trajectory, or who has it. */
export function tryTrajectory(path: string): LockAttempt {
  return tryLock(lockOf(path));
}

/** @throws when a living process works on the trajectory */
export function unclaimed(path: string): void {
  if (existsSync(dirname(path))) claimTrajectory(path).release();
}

/** Writes lines only while the claim is held: who lost it must not write into another's run. */
export function guardedSink(sink: LineSink, path: string, claim: Lock): LineSink {
  return {
    append(line) {
      if (!claim.held())
        throw new Error(`${path}: expected to be the only one who writes it, got its lock taken over meanwhile`);
      sink.append(line);
    },
    close: () => sink.close(),
  };
}

function lockOf(path: string): string {
  return `${path}.writer.lock`;
}

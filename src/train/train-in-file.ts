import { messageOf } from "../check/error-words";
import type { Lock } from "../disk/lock";
import { removeLeftovers } from "../disk/whole-file";
import { checkedSink, fileChecksum } from "./checksum";
import { claimTrajectory, guardedSink } from "./claim";
import type { TrainEvent } from "./events";
import { isReplayable } from "../optimizer/method";
import { openLineFile } from "./line-file";
import type { LineSink } from "./line-file";
import { resume } from "./past";
import { finalEnding } from "./loop-parts";
import { encodeLine } from "./records";
import type { SourcesRecord } from "./records";
import type { Waypoint } from "./replay";
import { readSnapshot, writeSnapshot } from "./snapshot";
import { changedSources } from "./sources";
import type { SourceHashes } from "./sources";
import { checkRun, drain, headerOf, trainEvents } from "./train";
import type { RunResult, TrainOptions } from "./train";
import { readTrajectory, sameRun } from "./trajectory";
import type { Trajectory } from "./trajectory";

export interface TrainInFileOptions<Batch> extends Omit<TrainOptions<Batch>, "sink" | "past"> {
  /** The trajectory file: made if missing, continued if it is of this very run. */
  readonly path: string;
  /** Wait until the disk has each line; default: false (survives a killed process, not a power cut). */
  readonly sync?: boolean;
  /**
   * Steps between snapshots (`<path>.snapshot`), which make resuming quick, and one more at the end; default: 0, none. A first-order
   * run, which cannot be replayed, goes on from its last snapshot: default there 10.
   */
  readonly snapshotEvery?: number;
  /** The claim on the file, where the caller holds it already (`tryTrajectory`); default: it is taken, and given back at the end. */
  readonly claim?: Lock;
  /** What to do with a begun run when `sources` are not those that it was made with; default: "refuse". */
  readonly whenChanged?: "refuse" | "continue";
  /** Opens the file for appending; default: `openLineFile`. */
  readonly open?: (path: string, keepBytes: number, sync: boolean) => LineSink;
}

/**
 * Trains with its trajectory in a file; if the file already holds the beginning of this run, continues it: a run that
 * was killed at any byte ends in the same bits as one that was not (a first-order one takes the steps after its snapshot again).
 * @throws when another process, or another cell, writes the file; when the file holds another run, naming all that differs; when the run
 *   was begun with other `sources`, naming the files; when a line was changed since it was written; when it cannot be opened
 */
export async function* trainEventsInFile<Batch>(
  options: TrainInFileOptions<Batch>,
): AsyncGenerator<TrainEvent, RunResult, void> {
  const claim = options.claim ?? claimTrajectory(options.path);
  try {
    return yield* eventsInFile(options, claim);
  } finally {
    if (options.claim === undefined) claim.release();
  }
}

async function* eventsInFile<Batch>(
  options: TrainInFileOptions<Batch>,
  claim: Lock,
): AsyncGenerator<TrainEvent, RunResult, void> {
  checkRun(options);
  const replayable = isReplayable(options.settings.method);
  const { path, sync = false, snapshotEvery = replayable ? 0 : 10 } = options;
  const open = options.open ?? ((file, keepBytes, wait) => openLineFile(file, { keepBytes, sync: wait }));
  const header = headerOf(options);
  removeLeftovers(`${path}.snapshot`);
  const recorded = readTrajectory(path);
  if (recorded !== null) sameRun(path, recorded.header, header);
  const other = recorded === null ? null : otherSources(path, recorded, options);
  const resumed = recorded === null ? null : await resume(path, recorded, options);
  const past = resumed?.past;
  const keepBytes = resumed?.keepBytes ?? 0;
  const file = open(path, keepBytes, sync);
  const sink = guardedSink(checkedSink(file, fileChecksum(path, keepBytes)), path, claim);
  let best: Waypoint | null = past?.best ? { step: past.best.evaluation.step, point: past.best.point } : null;
  let last: Waypoint = { step: past?.steps.length ?? 0, point: past?.point ?? options.start, state: past?.state };
  const begun = last.step;
  let saved = resumed?.snapshot ?? -1;
  const snapshot = (): string | null => {
    if (!claim.held()) return null;
    saved = last.step;
    return trySnapshot(`${path}.snapshot`, () => writeSnapshot(`${path}.snapshot`, header, { last, best }));
  };
  try {
    if (other !== null && past !== undefined && finalEnding(past.end) === null)
      sink.append(encodeLine({ ...other, step: begun }));
    const events = trainEvents({ ...options, sink, past });
    for (;;) {
      const next = await events.next();
      if (next.done === true) return next.value;
      yield next.value;
      if (next.value.kind === "start") {
        for (const message of [recorded?.recovered, resumed?.again])
          if (typeof message === "string") yield { kind: "warning", about: "recovered", message };
        if (recorded !== null && recorded.unchecked !== null)
          yield { kind: "warning", about: "unchecked", message: `${path}: ${recorded.unchecked}` };
        if (other !== null)
          yield { kind: "warning", about: "sources", message: toldSources(Object.keys(other.changed)) };
      }
      let message: string | null = null;
      if (next.value.kind === "step") {
        const { record, point, state } = next.value;
        last = { step: record.step, point, state };
        if (snapshotEvery > 0 && last.step % snapshotEvery === 0) message = snapshot();
      }
      if (next.value.kind === "end" && snapshotEvery > 0 && saved !== last.step) message = snapshot();
      if (message !== null) yield { kind: "warning", about: "snapshot", message };
      if (next.value.kind === "evaluation" && next.value.isBest)
        best = { step: next.value.record.step, point: last.point };
    }
  } finally {
    file.close();
  }
}

/** Gives the words for a recorded run that was made with other source than today's. For example `toldSources(["src/schedule/power-law.ts"])`. */
export function toldSources(files: readonly string[]): string {
  const [named, more] = [files.slice(0, 8).join(", "), files.length - 8];
  return `made with other source: since then ${named}${more > 0 ? ` and ${more} more files` : ""} changed`;
}

/**
 * Gives the changed files for which a recorded run is not gone on with unasked; none where nothing has changed, or it is not known, or the run has
 * ended and its last point is kept: one that has to be walked again would be led elsewhere by them.
 */
export function refusedSources(path: string, recorded: Trajectory, now: SourceHashes | null): readonly string[] {
  const { sources: before, steps, end, header } = recorded;
  if (before === null || now === null) return [];
  const ended = finalEnding(end) !== null;
  if (ended && readSnapshot(`${path}.snapshot`, header, steps.length)?.last.step === steps.length) return [];
  return changedSources(before, now);
}

/** What differs between the files that a recorded run was made with and those of now; null where nothing does, or one is not known. */
function otherSources(
  path: string,
  recorded: Trajectory,
  { sources: now = null, whenChanged = "refuse" }: Pick<TrainInFileOptions<never>, "sources" | "whenChanged">,
): SourcesRecord | null {
  const { sources: before, steps } = recorded;
  if (before === null || now === null) return null;
  const refused = whenChanged === "refuse" ? refusedSources(path, recorded, now) : [];
  if (refused.length > 0) throw new Error(`${path}: ${toldSources(refused)}; it is not continued unasked`);
  const changed = changedSources(before, now).map((file) => [file, now[file] ?? null]);
  return changed.length === 0 ? null : { kind: "sources", step: steps.length, changed: Object.fromEntries(changed) };
}

/** Trains in a file to the end and returns the result; `onEvent` hears of every step. See `trainEventsInFile`. */
export async function trainInFile<Batch>(
  options: TrainInFileOptions<Batch>,
  onEvent: (event: TrainEvent) => void = () => undefined,
): Promise<RunResult> {
  return drain(trainEventsInFile(options), onEvent);
}

function trySnapshot(path: string, write: () => void): string | null {
  try {
    write();
    return null;
  } catch (error) {
    return `no snapshot at ${path}: ${messageOf(error)}; training goes on`;
  }
}

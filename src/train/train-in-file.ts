import type { TrainEvent } from "./events";
import { isReplayable } from "../optimizer/step";
import { openLineFile } from "./line-file";
import type { LineSink } from "./line-file";
import { resume } from "./past";
import type { Waypoint } from "./replay";
import { writeSnapshot } from "./snapshot";
import { drain, headerOf, trainEvents } from "./train";
import type { RunResult, TrainOptions } from "./train";
import { readTrajectory, sameRun } from "./trajectory";

export interface TrainInFileOptions<Batch> extends Omit<TrainOptions<Batch>, "sink" | "past"> {
  /** The trajectory file: made if missing, continued if it is of this very run. */
  readonly path: string;
  /** Wait until the disk has each line; default: false (survives a killed process, not a power cut). */
  readonly sync?: boolean;
  /**
   * Steps between snapshots (`<path>.snapshot`), which make resuming quick; default: 0, none. A first-order run, which cannot be
   * replayed, goes on from its last snapshot: default there 10, and one more at its end.
   */
  readonly snapshotEvery?: number;
  /** Opens the file for appending; default: `openLineFile`. */
  readonly open?: (path: string, keepBytes: number, sync: boolean) => LineSink;
}

/**
 * Trains with its trajectory in a file; if the file already holds the beginning of this run, continues it: a run that
 * was killed at any byte ends in the same bits as one that was not (a first-order one takes the steps after its snapshot again).
 * @throws when the file holds another run, naming all that differs, or cannot be opened
 */
export async function* trainEventsInFile<Batch>(
  options: TrainInFileOptions<Batch>,
): AsyncGenerator<TrainEvent, RunResult, void> {
  const replayable = isReplayable(options.settings.method);
  const { path, sync = false, snapshotEvery = replayable ? 0 : 10 } = options;
  const open = options.open ?? ((file, keepBytes, wait) => openLineFile(file, { keepBytes, sync: wait }));
  const header = headerOf(options);
  const recorded = readTrajectory(path);
  if (recorded !== null) sameRun(path, recorded.header, header);
  const resumed = recorded === null ? null : await resume(path, recorded, options);
  const past = resumed?.past;
  const sink = open(path, resumed?.keepBytes ?? 0, sync);
  let best: Waypoint | null = past?.best ? { step: past.best.evaluation.step, point: past.best.point } : null;
  let last: Waypoint = { step: past?.steps.length ?? 0, point: past?.point ?? options.start, state: past?.state };
  let saved = -1;
  const snapshot = (): string | null => {
    saved = last.step;
    return trySnapshot(`${path}.snapshot`, () => writeSnapshot(`${path}.snapshot`, header, { last, best }));
  };
  try {
    const events = trainEvents({ ...options, sink, past });
    for (;;) {
      const next = await events.next();
      if (next.done === true) return next.value;
      yield next.value;
      if (next.value.kind === "start") {
        for (const message of [recorded?.recovered, resumed?.again])
          if (typeof message === "string") yield { kind: "warning", about: "recovered", message };
      }
      let message: string | null = null;
      if (next.value.kind === "step") {
        const { record, point, state } = next.value;
        last = { step: record.step, point, state };
        if (snapshotEvery > 0 && last.step % snapshotEvery === 0) message = snapshot();
      }
      if (next.value.kind === "end" && !replayable && saved !== last.step) message = snapshot();
      if (message !== null) yield { kind: "warning", about: "snapshot", message };
      if (next.value.kind === "evaluation" && next.value.isBest)
        best = { step: next.value.record.step, point: last.point };
    }
  } finally {
    sink.close();
  }
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
    return `no snapshot at ${path}: ${error instanceof Error ? error.message : String(error)}; training goes on`;
  }
}

import type { TrainEvent } from "./events";
import { openLineFile } from "./line-file";
import type { LineSink } from "./line-file";
import { walk } from "./replay";
import type { Waypoint } from "./replay";
import { readSnapshot, writeSnapshot } from "./snapshot";
import { drain, headerOf, isBetter, trainEvents } from "./train";
import type { Past, RunResult, TrainOptions } from "./train";
import { readTrajectory, sameRun } from "./trajectory";
import type { Trajectory } from "./trajectory";

export interface TrainInFileOptions<Batch> extends Omit<TrainOptions<Batch>, "sink" | "past"> {
  /** The trajectory file: made if missing, continued if it is of this very run. */
  readonly path: string;
  /** Wait until the disk has each line; default: false (survives a killed process, not a power cut). */
  readonly sync?: boolean;
  /** Steps between snapshots of the point (`<path>.snapshot`), which make resuming quick; default: 0, none. */
  readonly snapshotEvery?: number;
  /** Opens the file for appending; default: `openLineFile`. */
  readonly open?: (path: string, keepBytes: number, sync: boolean) => LineSink;
}

/**
 * Trains with its trajectory in a file; if the file already holds the beginning of this run, continues it: a run that
 * was killed at any byte ends in the same bits as one that was not.
 * @throws when the file holds another run, naming all that differs, or cannot be opened
 */
export async function* trainEventsInFile<Batch>(
  options: TrainInFileOptions<Batch>,
): AsyncGenerator<TrainEvent, RunResult, void> {
  const { path, sync = false, snapshotEvery = 0 } = options;
  const open = options.open ?? ((file, keepBytes, wait) => openLineFile(file, { keepBytes, sync: wait }));
  const header = headerOf(options);
  const recorded = readTrajectory(path);
  if (recorded !== null) sameRun(path, recorded.header, header);
  const past = recorded === null ? undefined : await pastOf(recorded, options);
  const sink = open(path, recorded?.goodBytes ?? 0, sync);
  let best: Waypoint | null = past?.best ? { step: past.best.evaluation.step, point: past.best.point } : null;
  let last: Waypoint = { step: past?.steps.length ?? 0, point: past?.point ?? options.start };
  try {
    const events = trainEvents({ ...options, sink, past });
    for (;;) {
      const next = await events.next();
      if (next.done === true) return next.value;
      yield next.value;
      if (next.value.kind === "start" && typeof recorded?.recovered === "string")
        yield { kind: "warning", about: "recovered", message: recorded.recovered };
      if (next.value.kind === "step") {
        last = { step: next.value.record.step, point: next.value.point };
        if (snapshotEvery > 0 && last.step % snapshotEvery === 0) {
          const message = trySnapshot(`${path}.snapshot`, () =>
            writeSnapshot(`${path}.snapshot`, header, { last, best }),
          );
          if (message !== null) yield { kind: "warning", about: "snapshot", message };
        }
      }
      if (next.value.kind === "evaluation" && next.value.isBest)
        best = { step: next.value.record.step, point: last.point.slice() };
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

/** A recorded run so far, with its point and best point walked again from the start or from a snapshot. */
async function pastOf<Batch>(recorded: Trajectory, options: TrainInFileOptions<Batch>): Promise<Past> {
  const { steps, evaluations, changes, end } = recorded;
  const by = options.settings.best ?? "loss";
  const bestOf = (upTo: number) =>
    evaluations
      .filter((evaluation) => evaluation.step <= upTo)
      .reduce<(typeof evaluations)[number] | null>((best, now) => (isBetter(by, now, best) ? now : best), null);
  const wanted = bestOf(steps.length);
  const snapshot = readSnapshot(`${options.path}.snapshot`, recorded.header, steps.length);
  const usable =
    snapshot !== null && (wanted === null || wanted.step >= snapshot.last.step || wanted.step === snapshot.best?.step);
  const from = usable ? snapshot.last : { step: 0, point: options.start };
  let point = from.point.slice();
  let best =
    wanted === null ? null : from.step === wanted.step ? point : usable ? (snapshot.best?.point ?? null) : null;
  for (const waypoint of walk(recorded, { step: from.step, point }, options.layout)) {
    point = waypoint.point;
    if (waypoint.step === wanted?.step) best = point.slice();
    if (waypoint.step % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return {
    header: recorded.header,
    point,
    best: wanted === null || best === null ? null : { point: best.slice(), evaluation: wanted },
    steps,
    evaluations,
    changes,
    end,
  };
}

function trySnapshot(path: string, write: () => void): string | null {
  try {
    write();
    return null;
  } catch (error) {
    return `no snapshot at ${path}: ${error instanceof Error ? error.message : String(error)}; training goes on`;
  }
}

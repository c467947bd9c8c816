import { messageOf } from "../check/error-words";
import type { TrainEvent } from "../train/events";
import type { RunSettings } from "../train/settings";
import type { RunResult } from "../train/train";
import type { Cell } from "./cells";
import { remaining, shareAt } from "./progress";
import type { GridProgress } from "./progress";
import { recordOf, recordOfStill } from "./record";
import type { ExperimentRecord, Origin, StillResult } from "./record";
import type { Store } from "./store";

/** What a run of a grid is given besides its cell. */
export interface CellContext {
  /** Train with `trainInFile` on this path: a run that was cut off is continued. */
  readonly path: string;
  readonly signal: AbortSignal | undefined;
  /** Hand the run's events on, for the progress line. */
  readonly onEvent: (event: TrainEvent) => void;
  /** Goes into the trajectory's header as it is: where and when the run began. */
  readonly note: Origin & { readonly startedAt: string };
}

/** What a cell came to: a run, or numbers measured without a step. */
export type CellResult = ({ readonly run: RunResult } | { readonly still: StillResult }) & {
  readonly extra?: unknown;
};

export interface GridOptions<Settings> {
  readonly cells: readonly Cell<Settings>[];
  readonly runCell: (cell: Cell<Settings>, context: CellContext) => Promise<CellResult>;
  readonly store: Store;
  readonly origin: Origin;
  /** Asked when a run has ended: the machines that made it, in place of the origin's; default: that one. */
  readonly machine?: () => string;
  /** Milliseconds from any origin. */
  readonly clock: () => number;
  /** The date now, ISO 8601. */
  readonly date: () => string;
  readonly onProgress?: (progress: GridProgress) => void;
  readonly signal?: AbortSignal;
}

export interface GridResult {
  readonly recorded: number;
  /** Runs that had a record already, or that another process makes or made meanwhile. */
  readonly skipped: number;
  readonly failed: readonly { readonly what: string; readonly message: string }[];
  /** Whether the stop signal ended the grid before its last run. */
  readonly stopped: boolean;
}

/**
 * Runs what has no record yet, one run after another, and appends a record for each. A run that fails is told and the
 * others go on; a run that was stopped or killed is continued next time from its trajectory.
 * @throws when a record or a trajectory cannot be written: what was written before is kept
 */
export async function runGrid<Settings>(options: GridOptions<Settings>): Promise<GridResult> {
  const { cells, runCell, store, origin, clock, date, onProgress = () => undefined, signal } = options;
  const stopped = (): boolean => signal?.aborted === true;
  const failed: { what: string; message: string }[] = [];
  const todo = cells.filter((cell) => !store.has(cell.key));
  const mine = new Set<string>();
  let skipped = cells.length - todo.length;
  const begin = clock();
  let costDone = 0;
  for (const [index, cell] of todo.entries()) {
    const what = describeCell(cell);
    // Other processes on the same grid do their part of what is left, at their own pace.
    const elsewhere = todo.filter(({ key }) => !mine.has(key) && store.has(key));
    const costElsewhere = costOf(elsewhere);
    const costAfter = costOf(todo.slice(index + 1).filter((later) => !elsewhere.includes(later)));
    const doneBefore = cells.length - todo.length + elsewhere.length;
    if (elsewhere.includes(cell)) {
      skipped++;
      continue;
    }
    let share = 0;
    const tell = (state: GridProgress["state"], message = ""): void => {
      const elapsedMs = clock() - begin;
      const costLeft = costAfter + (state === "running" || state === "stopped" ? (1 - share) * cell.cost : 0);
      const remainingMs = remaining(elapsedMs, costDone + costElsewhere, costLeft);
      const done = doneBefore + mine.size;
      onProgress({ state, what, done, total: cells.length, share, elapsedMs, remainingMs, message });
    };
    if (stopped()) return { recorded: mine.size, skipped, failed, stopped: true };
    let settings: RunSettings | null = null;
    const onEvent = (event: TrainEvent): void => {
      if (event.kind === "start") settings = event.header.settings;
      const now = settings === null || event.kind === "end" ? null : shareAt(event, settings);
      if (now === null) return;
      // What a resumed run had done before this process is no measure of this process's pace.
      if (event.kind === "step") costDone += Math.max(now - share, 0) * cell.cost;
      share = now;
      tell("running");
    };
    const path = store.partialPath(cell.key);
    const note = { ...origin, startedAt: date() };
    const claim = store.claim(cell.key);
    // Another process makes it, or has ended it since.
    if (claim === null || store.has(cell.key)) {
      claim?.release();
      skipped++;
      continue;
    }
    // Held until the record is written: nobody makes the run once more.
    try {
      const ended = await attempt(() => runCell(cell, { path, signal, onEvent, note }));
      if (ended.kind === "failed") {
        if (stopped()) return { recorded: mine.size, skipped, failed, stopped: true };
        failed.push({ what, message: ended.message });
        tell("failed", ended.message);
        continue;
      }
      const still = "still" in ended.value;
      if (still && stopped()) return { recorded: mine.size, skipped, failed, stopped: true };
      const machine = options.machine?.() ?? origin.machine;
      const { record, message } = cellRecord(cell, ended.value, still ? note : { ...note, machine }, date());
      if (record === null) {
        tell("stopped", message);
        return { recorded: mine.size, skipped, failed, stopped: true };
      }
      store.append(record);
      store.forget(cell.key);
      mine.add(cell.key);
      if (still) [share, costDone] = [1, costDone + cell.cost];
      tell("recorded", message);
    } finally {
      claim.release();
    }
  }
  return { recorded: mine.size, skipped, failed, stopped: false };
}

const costOf = (cells: readonly { readonly cost: number }[]): number => cells.reduce((sum, { cost }) => sum + cost, 0);

/**
 * Gives the record of what a cell came to, and how that ended in words; null of a run that was stopped and goes on another time.
 * @throws when its trajectory could not be written
 */
export function cellRecord<Settings>(
  cell: Cell<Settings>,
  result: CellResult,
  note: CellContext["note"],
  endedAt: string,
): { readonly record: ExperimentRecord<Settings> | null; readonly message: string } {
  const { extra } = result;
  if ("still" in result) {
    const { message } = result.still;
    return { record: recordOfStill(cell, result.still, { ...note, endedAt, extra }), message };
  }
  const { run } = result;
  const { message } = run;
  if (run.end.reason === "not-recorded") throw new Error(`${describeCell(cell)}: ${message}`);
  if (run.end.reason === "stopped") return { record: null, message };
  const startedAt = startOf(run.header.note) ?? note.startedAt;
  return { record: recordOf(cell, run, { ...note, startedAt, endedAt, extra }), message };
}

/** Names a cell in one line. For example `describeCell(cell)`: "trec: adazeta, seed 1, learning rate 0.003". */
export function describeCell({ task, arm, seed, learningRate }: Cell<unknown>): string {
  const rate = learningRate === 0 ? "" : `, learning rate ${learningRate}`;
  return `${task === null ? "" : `${task}: `}${arm}, seed ${seed}${rate}`;
}

async function attempt<T>(
  work: () => Promise<T>,
): Promise<{ readonly kind: "done"; readonly value: T } | { readonly kind: "failed"; readonly message: string }> {
  try {
    return { kind: "done", value: await work() };
  } catch (error) {
    return { kind: "failed", message: messageOf(error) };
  }
}

function startOf(note: unknown): string | null {
  if (typeof note !== "object" || note === null || !("startedAt" in note)) return null;
  return typeof note.startedAt === "string" ? note.startedAt : null;
}

import { fail } from "../check/check";
import { messageOf } from "../check/error-words";
import type { Lock } from "../disk/lock";
import type { Cell } from "../experiment/cells";
import { remaining } from "../experiment/progress";
import type { GridProgress } from "../experiment/progress";
import { checkRecord } from "../experiment/record";
import type { ExperimentRecord, Origin } from "../experiment/record";
import { describeCell } from "../experiment/run-grid";
import type { GridResult } from "../experiment/run-grid";
import type { Store } from "../experiment/store";
import { splitCheck, wrongCheck } from "../train/checksum";
import { readRunReply, writeRunMessage } from "./run-messages";
import type { RunReply, RunRequest } from "./run-messages";
import type { OpenTransport } from "./transport";

export interface RunMakersOptions {
  readonly transport: OpenTransport;
  /** Hears of workers that come, go, are refused or late, a line each. */
  readonly tell: (line: string) => void;
  /** Milliseconds from any origin. */
  readonly clock: () => number;
  /** Milliseconds between two words on a run; default one second. */
  readonly watchMs?: number;
  /** Milliseconds after which a worker that says nothing is replaced and its run is given away; default ten minutes, as opening a model may block it. */
  readonly limitMs?: number;
  /** Milliseconds that runs in progress have to end after a stop; default one minute. */
  readonly stopMs?: number;
  /** Milliseconds without any worker until that is told; default one minute. */
  readonly lonelyMs?: number;
}

/** A grid whose runs workers make. */
export interface SpreadGridOptions<Settings> {
  readonly cells: readonly Cell<Settings>[];
  readonly store: Store;
  readonly origin: Origin;
  /** What names a run to a worker: plain data. */
  readonly orderOf: (cell: Cell<Settings>) => unknown;
  /** Gives what decides the run's numbers here: code, model, texts. */
  readonly fingerprint: (cell: Cell<Settings>) => Promise<Readonly<Record<string, unknown>>>;
  /** The date now, ISO 8601. */
  readonly date: () => string;
  readonly onProgress?: (progress: GridProgress) => void;
  readonly signal?: AbortSignal;
}

/** Workers that make whole runs. */
export interface RunMakers {
  /**
   * Makes what has no record yet, a run a worker at a time, and appends a record for each. A worker's death or failure gives its run to another, three times at
   * most; then the run is named and the others go on.
   * @throws when no worker is left and none will come, or a record cannot be written: what was written before is kept
   */
  make<Settings>(grid: SpreadGridOptions<Settings>): Promise<GridResult>;
  close(): Promise<void>;
}

/** Times that a run is given to a worker before it counts as failed. */
const TRIES = 3;

interface Task {
  readonly cell: Cell<unknown>;
  readonly order: unknown;
  readonly fingerprint: Readonly<Record<string, unknown>>;
  readonly note: Origin & { readonly startedAt: string };
  claim: Lock | null;
  state: "waiting" | "given" | "over";
  tries: number;
  /** Workers on which it came to nothing: others are asked first. */
  readonly tried: Set<string>;
  share: number;
}

interface Seat {
  readonly id: string;
  readonly place: string;
  state: "free" | "busy" | "refused" | "gone";
  task: Task | null;
  ticket: number;
  since: number;
}

/** What hears of a grid's workers while it is made. */
interface Work {
  pump(): void;
  heard(seat: Seat, task: Task, reply: RunReply): void;
  trouble(task: Task, seat: Seat, why: string): void;
}

/** Opens workers that make whole runs. */
export function openRunMakers({
  transport,
  tell,
  clock,
  watchMs = 1000,
  limitMs = 600_000,
  stopMs = 60_000,
  lonelyMs = 60_000,
}: RunMakersOptions): RunMakers {
  const seats = new Map<string, Seat>();
  let work: Work | null = null;
  let making = false;
  let tickets = 0;
  let closed = false;
  /** Why no worker will come any more. */
  let barren: string | null = null;

  const send = (seat: Seat, request: RunRequest): void => {
    [seat.ticket, seat.since] = [request.ticket, clock()];
    wire.send(seat.id, writeRunMessage(request));
  };
  /** Takes a worker's run back. */
  const leave = (seat: Seat, why: string): void => {
    const { task } = seat;
    [seat.state, seat.task] = ["gone", null];
    if (task !== null) work?.trouble(task, seat, `worker ${seat.id} (${seat.place}) is gone: ${why}`);
    else tell(`worker ${seat.id} (${seat.place}) is gone: ${why}`);
  };

  const wire = transport({
    up(id, place) {
      if (closed) return;
      const before = seats.get(id);
      if (before !== undefined && before.state !== "gone") leave(before, `it is there again, ${place}`);
      seats.set(id, { id, place, state: "free", task: null, ticket: 0, since: 0 });
      work?.pump();
    },
    line(id, line) {
      const seat = seats.get(id);
      const reply = readRunReply(line);
      // Late, double or rubbish.
      if (closed || reply === null || seat?.state !== "busy" || reply.ticket !== seat.ticket) return;
      if (seat.task !== null && reply.run === seat.task.cell.key) work?.heard(seat, seat.task, reply);
      work?.pump();
    },
    lost(id, why) {
      const seat = seats.get(id);
      if (closed || seat === undefined || seat.state === "gone") return;
      leave(seat, why);
      work?.pump();
    },
    failed(why) {
      barren = why;
      work?.pump();
    },
    tell,
  });

  const watch = setInterval(
    () => {
      for (const seat of seats.values()) {
        if (seat.state !== "busy" || clock() - seat.since < limitMs) continue;
        leave(seat, `it has not answered in ${Math.round(limitMs / 1000)} s, and is replaced`);
        wire.replace(seat.id);
        work?.pump();
      }
    },
    Math.max(20, Math.min(limitMs, 4000) / 4),
  );

  const makeGrid = async <Settings>({
    cells,
    store,
    origin,
    orderOf,
    fingerprint,
    date,
    onProgress = () => undefined,
    signal,
  }: SpreadGridOptions<Settings>): Promise<GridResult> => {
    const todo = cells.filter(({ key }) => !store.has(key));
    const tasks: Task[] = [];
    for (const cell of todo) {
      const note = { ...origin, startedAt: date() };
      tasks.push({ cell, order: orderOf(cell), fingerprint: await fingerprint(cell), note, claim: null, state: "waiting", tries: 0, tried: new Set(), share: 0 }); // prettier-ignore
    }
    const failed: { what: string; message: string }[] = [];
    const count = { recorded: 0, skipped: cells.length - todo.length };
    const begin = clock();
    let costDone = 0;
    const told = (task: Task, state: GridProgress["state"], message = ""): void => {
      const elapsedMs = clock() - begin;
      const left = tasks.map(({ state: its, share, cell }) => (its === "over" ? 0 : (1 - share) * cell.cost));
      onProgress({
        state,
        what: describeCell(task.cell),
        done: count.skipped + count.recorded,
        total: cells.length,
        share: task.share,
        elapsedMs,
        remainingMs: remaining(elapsedMs, costDone, left.reduce((sum, cost) => sum + cost, 0)), // prettier-ignore
        message,
      });
    };
    const over = (task: Task): void => {
      task.state = "over";
      task.claim?.release();
      task.claim = null;
    };
    const failedTask = (task: Task, message: string): void => {
      over(task);
      failed.push({ what: describeCell(task.cell), message });
      told(task, "failed", message);
    };
    let settle: (how: { readonly error: unknown } | null) => void = () => undefined;
    const settled = new Promise<void>((resolve, reject) => {
      settle = (how) => (how === null ? resolve() : reject(how.error instanceof Error ? how.error : new Error(messageOf(how.error)))); // prettier-ignore
    });
    const stopping = (): boolean => signal?.aborted === true;

    const there = (seat: Seat): boolean => seat.state === "free" || seat.state === "busy";
    /** Whether a worker should take a run: not one that came to nothing there, where another could. */
    const suits = (seat: Seat, { tried }: Task): boolean =>
      !tried.has(seat.id) || ![...seats.values()].some((other) => there(other) && !tried.has(other.id));
    const give = (seat: Seat): void => {
      for (;;) {
        const task = tasks.find((each) => each.state === "waiting" && suits(seat, each));
        if (task === undefined) return;
        const { key } = task.cell;
        if (!store.has(key)) task.claim ??= store.claim(key);
        // Another process makes it, or has.
        if (task.claim === null || store.has(key)) {
          count.skipped++;
          over(task);
          continue;
        }
        [task.state, task.tries] = ["given", task.tries + 1];
        [seat.state, seat.task] = ["busy", task];
        const { order, fingerprint: so, note } = task;
        send(seat, { kind: "make", ticket: ++tickets, run: key, order, fingerprint: so, note, forMs: watchMs }); // prettier-ignore
        return;
      }
    };
    const mine: Work = {
      pump() {
        const all = [...seats.values()];
        if (!stopping()) for (const seat of all) if (seat.state === "free") give(seat);
        if (tasks.some(({ state }) => state === "given")) return;
        const left = tasks.filter(({ state }) => state === "waiting");
        if (left.length === 0 || stopping()) return settle(null);
        if (barren !== null && !all.some(there)) return settle({ error: new Error(barren) });
        if (all.length > 0 && all.every(({ state }) => state === "refused")) {
          for (const task of left) failedTask(task, "every worker was refused");
          settle(null);
        }
      },
      heard(seat, task, reply) {
        if (reply.kind === "running") {
          costDone += Math.max(task.share > 0 ? reply.share - task.share : 0, 0) * task.cell.cost;
          if (reply.share !== task.share) {
            task.share = reply.share;
            told(task, "running");
          }
          send(seat, { kind: "watch", ticket: ++tickets, run: task.cell.key, forMs: watchMs, stop: stopping() });
          return;
        }
        [seat.state, seat.task] = ["free", null];
        if (reply.kind === "ended") {
          const record = readRecord(task.cell.key, reply.line);
          if (typeof record === "string") return mine.trouble(task, seat, record);
          if (!store.has(task.cell.key)) store.append(record);
          store.forget(task.cell.key);
          count.recorded++;
          costDone += (1 - task.share) * task.cell.cost;
          task.share = 1;
          over(task);
          told(task, "recorded", reply.message);
          // The worker's own trajectory, where it has another folder.
          wire.send(seat.id, writeRunMessage({ kind: "forget", ticket: ++tickets, run: task.cell.key }));
        } else if (reply.kind === "stopped" && stopping()) {
          task.state = "waiting";
          told(task, "stopped", reply.message);
        } else if (reply.kind === "refused") {
          [task.state, seat.state, task.tries] = ["waiting", "refused", task.tries - 1];
          tell(
            `worker ${seat.id} (${seat.place}) is refused, it would make another run: ${reply.differing.join("; ")}`,
          );
        } else {
          const why = reply.kind === "unknown" ? "was started again and knew nothing of the run" : `: ${reply.message}`;
          mine.trouble(task, seat, `worker ${seat.id} (${seat.place}) ${why}`.replace(" : ", ": "));
        }
      },
      trouble(task, seat, why) {
        if (task.state !== "given") return;
        task.state = "waiting";
        task.tried.add(seat.id);
        task.share = 0;
        if (stopping()) return;
        if (task.tries >= TRIES) failedTask(task, `given to workers ${TRIES} times; the last: ${why}`);
        else tell(`${describeCell(task.cell)} is given to another worker: ${why}`);
      },
    };
    /** A record that cannot be written ends the grid: no other could be. */
    const guarded: Work = {
      pump: () => attempt(() => mine.pump()),
      heard: (...of) => attempt(() => mine.heard(...of)),
      trouble: (...of) => attempt(() => mine.trouble(...of)),
    };
    const attempt = (act: () => void): void => {
      try {
        act();
      } catch (error) {
        settle({ error });
      }
    };
    let patience: NodeJS.Timeout | undefined;
    const stop = (): void => {
      patience = setTimeout(() => settle(null), stopMs);
      guarded.pump();
    };
    signal?.addEventListener("abort", stop);
    work = guarded;
    // Who was refused for another grid may have what this one is made of.
    for (const seat of seats.values()) if (seat.state === "refused") seat.state = "free";
    const lonely = setTimeout(() => {
      if (![...seats.values()].some(there)) tell("no worker is there yet: the runs wait for one, and for a machine that has room for it"); // prettier-ignore
    }, lonelyMs);
    try {
      if (stopping()) stop();
      guarded.pump();
      await settled;
    } finally {
      work = null;
      signal?.removeEventListener("abort", stop);
      clearTimeout(patience);
      clearTimeout(lonely);
      for (const task of tasks) task.claim?.release();
    }
    const stopped = tasks.some(({ state }) => state !== "over");
    return { ...count, failed, stopped };
  };

  return {
    async make(grid) {
      if (making) fail("workers", "one grid at a time", "another");
      making = true;
      try {
        return await makeGrid(grid);
      } finally {
        making = false;
      }
    },
    async close() {
      closed = true;
      clearInterval(watch);
      try {
        await wire.close();
      } catch (error) {
        tell(`workers could not all be ended: ${messageOf(error)}`);
      }
    },
  };
}

/** Reads the record that a worker made of a run, or says what is wrong with it. */
function readRecord(key: string, line: string): ExperimentRecord | string {
  try {
    const checked = splitCheck(line);
    if (checked.check === null || wrongCheck(checked) !== null) return "the record was changed on its way";
    const record: unknown = JSON.parse(checked.body);
    const { key: its } = checkRecord("the record", record);
    return its === key ? (record as ExperimentRecord) : fail("the record: key", key, its);
  } catch (error) {
    return messageOf(error);
  }
}

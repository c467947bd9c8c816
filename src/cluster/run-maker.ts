import { messageOf } from "../check/error-words";
import type { Cell } from "../experiment/cells";
import { shareAt } from "../experiment/progress";
import { cellRecord } from "../experiment/run-grid";
import type { CellContext, CellResult } from "../experiment/run-grid";
import { withCheck } from "../train/checksum";
import { tryTrajectory } from "../train/claim";
import type { RunSettings } from "../train/settings";
import { differing } from "./run-fingerprint";
import { readRunRequest, writeRunMessage } from "./run-messages";
import type { MakeRequest, RunReply, RunState, WatchRequest } from "./run-messages";

/** What a maker of whole runs has besides what it is asked. */
export interface RunMakerSurroundings<Settings> {
  /** Plans the run that an order names, by this machine's own plans; null: there is none such. @throws when the order is none */
  readonly cellOf: (order: unknown) => Cell<Settings> | null;
  /** Gives what decides the run's numbers here: code, model, texts. */
  readonly fingerprint: (cell: Cell<Settings>) => Promise<Readonly<Record<string, unknown>>>;
  readonly runCell: (cell: Cell<Settings>, context: CellContext) => Promise<CellResult>;
  /** The trajectory of a run that is going on. */
  readonly partialPath: (key: string) => string;
  /** Deletes the trajectory of a run that has its record. */
  readonly forget: (key: string) => void;
  /** Processor, cores, instruction set: what the record says of the machine. */
  readonly machine: string;
  /** The date now, ISO 8601. */
  readonly date: () => string;
  /** Milliseconds to wait for a trajectory that another process still seems to write; default ten minutes. */
  readonly patienceMs?: number;
}

/** A run in progress, or what became of it. */
interface Making {
  readonly run: string;
  readonly stop: AbortController;
  /** Never fails. */
  readonly over: Promise<RunState>;
  share: number;
}

/**
 * Makes whole runs, one at a time: a line in, a line out, soon. It runs no code that it is sent: an order names a run of this machine's own plans, and is
 * refused where code, model or texts are not the coordinator's. A run that was cut off goes on from its trajectory where that is in the folder, else from its start.
 * @returns a function that gives the reply to a line; null where the line is no request
 */
export function runMaker<Settings>({
  patienceMs = 600_000,
  ...here
}: RunMakerSurroundings<Settings>): (line: string) => Promise<string | null> {
  let making: Making | null = null;

  const made = async ({ run, order, fingerprint, note }: MakeRequest, now: Making): Promise<RunState> => {
    const cell = here.cellOf(order);
    if (cell?.key !== run) return { kind: "refused", differing: ["run: this machine's code plans no such run"] };
    const parts = differing(fingerprint, await here.fingerprint(cell));
    if (parts.length > 0) return { kind: "refused", differing: parts };
    const { signal } = now.stop;
    const path = here.partialPath(run);
    await whenFree(path, patienceMs, signal);
    let settings: RunSettings | null = null;
    const onEvent: CellContext["onEvent"] = (event) => {
      if (event.kind === "start") settings = event.header.settings;
      now.share = (settings && event.kind !== "end" ? shareAt(event, settings) : null) ?? now.share;
    };
    const own = { ...note, machine: here.machine };
    const result = await here.runCell(cell, { path, signal, onEvent, note: own });
    const { record, message } = cellRecord(cell, result, own, here.date());
    return record === null
      ? { kind: "stopped", message }
      : { kind: "ended", line: withCheck(JSON.stringify(record)), message };
  };

  const begin = (request: MakeRequest): Making => {
    const stop = new AbortController();
    const now: { -readonly [Key in keyof Making]: Making[Key] } = {
      run: request.run,
      stop,
      share: 0,
      over: Promise.resolve({ kind: "unknown" }),
    };
    now.over = made(request, now).catch((error: unknown): RunState => {
      const message = messageOf(error);
      return stop.signal.aborted ? { kind: "stopped", message } : { kind: "failed", message };
    });
    return now;
  };

  const stateOf = async ({ run, forMs }: MakeRequest | WatchRequest): Promise<RunState> => {
    if (making?.run !== run) return { kind: "unknown" };
    const now = making;
    let timer: NodeJS.Timeout | undefined;
    const later = new Promise<null>((resolve) => (timer = setTimeout(resolve, forMs, null)));
    const ended = await Promise.race([now.over, later]);
    clearTimeout(timer);
    return ended ?? { kind: "running", share: now.share };
  };

  return async (line) => {
    let about = { ticket: 0, run: "" };
    const reply = (state: RunState): string => writeRunMessage({ ...state, ...about } satisfies RunReply);
    try {
      const request = readRunRequest(line);
      if (request === null) return null;
      about = { ticket: request.ticket, run: request.run };
      if (request.kind === "forget") {
        if (making?.run === request.run) making = null;
        here.forget(request.run);
        return reply({ kind: "unknown" });
      }
      if (request.kind === "make") {
        // One that the coordinator has given up ends first: two at once would share the machine.
        making?.stop.abort();
        await making?.over;
        making = begin(request);
      } else if (request.stop && making?.run === request.run) making.stop.abort();
      return reply(await stateOf(request));
    } catch (error) {
      return reply({ kind: "failed", message: messageOf(error) });
    }
  };
}

/**
 * Waits until nobody writes a trajectory: who did may have died on a machine whose lock is believed for a minute, or be about to hear that its run was given away.
 * @throws when one still does
 */
async function whenFree(path: string, patienceMs: number, signal: AbortSignal): Promise<void> {
  for (let waited = 0; ; waited += 500) {
    const { lock, error } = { error: null, ...tryTrajectory(path) };
    lock?.release();
    if (lock !== null) return;
    if (waited >= patienceMs || signal.aborted) throw error!;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

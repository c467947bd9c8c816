import { unreachable } from "../check/check";
import type { TrainEvent } from "../train/events";
import type { StepRecord } from "../train/records";
import { MINUTE } from "../train/settings";
import type { RunSettings } from "../train/settings";

/** How far a grid is. */
export interface GridProgress {
  readonly state: "running" | "recorded" | "failed" | "stopped";
  /** Which run, e.g. "adazeta, seed 1, learning rate 0.003". */
  readonly what: string;
  /** Runs that have a record, and all runs asked for. */
  readonly done: number;
  readonly total: number;
  /** Share of the current run, 0 to 1. */
  readonly share: number;
  readonly elapsedMs: number;
  /** null until something has been measured. */
  readonly remainingMs: number | null;
  /** How the run ended or failed; empty while it runs. */
  readonly message: string;
}

/** Writes one line for a terminal. For example `progressLine(progress)`: "3/30 adazeta, seed 1, learning rate 0.003: 45 %, 12 min passed, about 2 h 5 min left". */
export function progressLine(progress: GridProgress): string {
  const { state, what, done, total, share, elapsedMs, remainingMs, message } = progress;
  const now = state === "running" ? `${Math.floor(100 * share)} %` : `${state}${message === "" ? "" : ` (${message})`}`;
  const left = remainingMs === null ? "" : `, about ${duration(remainingMs)} left`;
  return `${done}/${total} ${what}: ${now}, ${duration(elapsedMs)} passed${left}`;
}

/** Writes a time in hours, minutes and seconds. @example duration(7_530_000) // "2 h 6 min" */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Gives the time that remains: the cost left at the pace so far. @returns null before anything was done */
export function remaining(elapsedMs: number, costDone: number, costLeft: number): number | null {
  return costDone > 0 ? (elapsedMs / costDone) * costLeft : null;
}

/** Gives the share of its budget that a run has spent at this event; null for events that do not tell. */
export function shareAt(event: TrainEvent, settings: RunSettings): number | null {
  if (event.kind === "end") return 1;
  const last = event.kind === "start" ? event.steps.at(-1) : event.kind === "step" ? event.record : null;
  if (last === null) return null;
  const [spent, all] = spentOf(settings, last);
  return all === 0 ? 1 : Math.min(spent / all, 1);
}

function spentOf({ budget }: RunSettings, last: StepRecord | undefined): readonly [number, number] {
  switch (budget.kind) {
    case "steps":
      return [last?.step ?? 0, budget.steps];
    case "forward-passes":
      return [last?.forwardPasses ?? 0, budget.forwardPasses];
    case "minutes":
      return [last?.elapsedMs ?? 0, MINUTE * budget.minutes];
    default:
      return unreachable(budget);
  }
}

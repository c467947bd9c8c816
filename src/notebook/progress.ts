import { display, shown, type MimeBundle } from "./display";
import { escapeHtml } from "./escape-html";
import { newestOnly } from "./newest-only";

export interface ProgressState {
  readonly step: number;
  readonly steps: number;
  /** Forward passes so far. */
  readonly forwardPasses: number;
  /** Forward passes of the whole run, where known: a schedule makes late steps longer, so time is told by passes then. */
  readonly totalForwardPasses?: number;
  readonly loss?: number;
  /** What is trained for in place of the loss. */
  readonly objective?: number;
}

export interface ProgressHandle {
  readonly [shown]: true;
  update(state: ProgressState): void;
  /** The final state; `note` says how the run ended ("stopped at step 40", ...). Without one it is done: the end is where it stands. */
  finish(note?: string): void;
}

const updateEveryMs = 200;

/**
 * Writes minutes and seconds, with hours where there are any.
 * @example duration(83_000) // "1:23"
 */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const two = (n: number): string => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** Gives the share of the work that is done, 0 to 1. */
export function doneShare({ step, steps, forwardPasses, totalForwardPasses }: ProgressState): number {
  const [done, all] = totalForwardPasses === undefined ? [step, steps] : [forwardPasses, totalForwardPasses];
  return all > 0 ? Math.min(1, done / all) : 0;
}

/** Writes one line: step, loss or objective, forward passes per second, elapsed and remaining time. */
export function progressText(label: string, state: ProgressState, elapsedMs: number, note?: string): string {
  const share = doneShare(state);
  const rate = elapsedMs > 0 ? (1000 * state.forwardPasses) / elapsedMs : 0;
  const parts = [
    `${label}: step ${state.step}/${state.steps}`,
    ...(state.loss === undefined ? [] : [`loss ${state.loss.toFixed(4)}`]),
    ...(state.objective === undefined ? [] : [`objective ${state.objective.toFixed(4)}`]),
    `${state.forwardPasses} forward passes (${rate.toFixed(1)}/s)`,
    `${duration(elapsedMs)} elapsed`,
  ];
  if (note !== undefined) return [...parts, note].join(" · ");
  return share > 0 ? [...parts, `${duration((elapsedMs * (1 - share)) / share)} left`].join(" · ") : parts.join(" · ");
}

export function progressBundle(label: string, state: ProgressState, elapsedMs: number, note?: string): MimeBundle {
  const text = progressText(label, state, elapsedMs, note);
  const bar = `<progress max="1" value="${doneShare(state).toFixed(4)}" style="width: 10em"></progress>`;
  return { "text/html": `<div>${bar} ${escapeHtml(text)}</div>`, "text/plain": text };
}

/**
 * Shows a progress bar under the current cell.
 * For example `const bar = showProgress("AdaZeta", 100); bar.update({ step: 1, steps: 100, forwardPasses: 8, loss: 1.8 }); bar.finish()`.
 */
export function showProgress(label: string, steps: number, now: () => number = Date.now): ProgressHandle {
  const started = now();
  let last: ProgressState = { step: 0, steps, forwardPasses: 0 };
  const output = display(progressBundle(label, last, 0));
  const updates = newestOnly(
    updateEveryMs,
    (state: ProgressState) => output.update(progressBundle(label, state, now() - started)),
    now,
  );
  return {
    [shown]: true,
    update(state) {
      last = state;
      updates.push(state);
    },
    finish(note) {
      updates.flush();
      if (note === undefined && last.step > 0)
        last = { ...last, steps: last.step, totalForwardPasses: last.forwardPasses };
      output.update(progressBundle(label, last, now() - started, note ?? "done"));
    },
  };
}

import { doneShare, progressText } from "../progress";
import type { ProgressState } from "../progress";

/** Where a bar is drawn. */
export interface Terminal {
  /** Lines can be drawn over; else a line is written now and then. */
  readonly isTTY: boolean;
  readonly columns?: number;
  write(text: string): void;
}

/** A progress bar on a terminal, with lines above it. */
export interface TerminalBar {
  update(state: ProgressState): void;
  /** Writes a line above the bar. */
  line(text: string): void;
  /** Takes the bar away. */
  finish(): void;
}

const WIDTH = 20;
const [DRAWN_MS, LINE_MS] = [200, 30_000];

/**
 * Draws a bar of how far a run is. For example `[########            ] AdaZeta: step 24/60 · loss 0.9123 · 96 forward passes (8.0/s) · 0:12 elapsed · 0:18 left`.
 * Where the output is no terminal, the text comes as a line every 30 seconds.
 * @param now milliseconds from any origin
 */
export function terminalBar(label: string, terminal: Terminal, now: () => number): TerminalBar {
  const began = now();
  let drawnAt = terminal.isTTY ? -Infinity : began;
  let text = "";
  const clear = (): void => {
    if (terminal.isTTY && text !== "") terminal.write("\r\x1b[2K");
  };
  const draw = (): void => {
    if (terminal.isTTY && text !== "") terminal.write(`\r\x1b[2K${text.slice(0, (terminal.columns ?? 120) - 1)}`);
  };
  return {
    update(state) {
      const time = now();
      if (time - drawnAt < (terminal.isTTY ? DRAWN_MS : LINE_MS)) return;
      drawnAt = time;
      const full = Math.floor(WIDTH * doneShare(state));
      text = `[${"#".repeat(full)}${" ".repeat(WIDTH - full)}] ${progressText(label, state, time - began)}`;
      if (terminal.isTTY) draw();
      else terminal.write(`${text}\n`);
    },
    line(said) {
      clear();
      terminal.write(`${said}\n`);
      draw();
    },
    finish() {
      clear();
      text = "";
    },
  };
}

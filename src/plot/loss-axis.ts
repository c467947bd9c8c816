import { formatNumber } from "../table/number";
import type { RunRecord } from "../table/record";
import type { Against, Point } from "./curve";
import type { Line, Note } from "./figure";
import { colors } from "./palette";

/** The name of a horizontal axis. A forward pass is one training batch through the model once; evaluations are counted apart. */
export function countTitle(against: Against): string {
  return against === "steps" ? "step" : "cumulative forward passes (training batches)";
}

/**
 * The shown range of a loss axis: all of the data, but no more than 1.5 times the larger of chance and starting loss, so that one run that
 * blows up to 90 nats does not flatten the others; what lies above leaves the figure at its top edge, its cross stays just below.
 */
export function lossRange(runs: readonly RunRecord[], curves: readonly (readonly Point[])[]): [number, number] {
  const values = curves.flat().map((point) => point.y);
  const line = chanceOf(runs);
  const chances = line === null ? [] : [line];
  const chance = Math.max(0, ...chances);
  const start = Math.max(0, ...curves.map((curve) => curve[0]?.y ?? 0));
  const low = Math.min(...chances, ...values);
  const high = Math.min(Math.max(chance, ...values), 1.5 * Math.max(chance, start));
  const room = 0.06 * (high - low || 1);
  return [Math.max(0, low - room), high + 1.5 * room];
}

/** The highest place of a cross, so that it is seen whole. */
export function crossCeiling([low, high]: readonly [number, number]): number {
  return high - 0.04 * (high - low);
}

/** A horizontal line at chance over each panel, and its label at the panel's right end, where few curves are that high; none without a chance. */
export function chanceLines(
  chanceLoss: number | null,
  panels: readonly ("" | "2")[],
): { readonly shapes: Line[]; readonly annotations: Note[] } {
  const lines = chanceLoss === null ? [] : panels.map((panel) => chanceLine(chanceLoss, panel));
  return { shapes: lines.map(({ line }) => line), annotations: lines.map(({ note }) => note) };
}

/** Chance of runs together: the mean of theirs, since each seed has dev texts of its own; null where none has one. */
export function chanceOf(runs: readonly RunRecord[]): number | null {
  const chances = runs.map((run) => run.chanceLoss).filter((loss): loss is number => loss !== null);
  return chances.length === 0 ? null : chances.reduce((sum, loss) => sum + loss, 0) / chances.length;
}

function chanceLine(chanceLoss: number, panel: "" | "2"): { readonly line: Line; readonly note: Note } {
  const xref = panel === "" ? "x domain" : "x2 domain";
  const yref = panel === "" ? "y" : "y2";
  return {
    line: {
      type: "line",
      xref: xref as "paper",
      yref,
      x0: 0,
      x1: 1,
      y0: chanceLoss,
      y1: chanceLoss,
      layer: "below",
      line: { color: colors.grey, width: 1.5, dash: "dash" },
    },
    note: {
      text: chanceLabel(chanceLoss),
      xref: xref as "paper",
      yref,
      x: 0.995,
      y: chanceLoss,
      xanchor: "right",
      yanchor: "top",
      showarrow: false,
      font: { size: 12, color: "#595959" },
      bgcolor: "rgba(255, 255, 255, 0.7)",
    },
  };
}

/** @example chanceLabel(Math.log(6)) // "chance (log 6)" */
export function chanceLabel(chanceLoss: number): string {
  const classes = Math.exp(chanceLoss);
  const whole = Math.round(classes);
  return Math.abs(classes - whole) < 1e-4 * whole ? `chance (log ${whole})` : `chance (${formatNumber(chanceLoss, 3)})`;
}

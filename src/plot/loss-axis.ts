import { formatNumber } from "../table/number";
import type { RunRecord } from "../table/record";
import type { HorizontalAxis, Point } from "./curve";
import type { Line, Note } from "./figure";
import { colors } from "./palette";

/** Gives the name of a horizontal axis. A forward pass is one training batch through the model once; evaluations are counted apart. */
export function countTitle(against: HorizontalAxis): string {
  return against === "steps" ? "step" : "cumulative forward passes (training batches)";
}

/** Chance is in the figure where that makes the curves' own range longer by this share at most; else it is a mark at the edge. */
const ROOM_FOR_CHANCE = 0.5;

/**
 * Gives the shown range of a loss axis: all of the curves, but no more than 1.5 times the larger of chance and starting loss, so that one run that
 * blows up to 90 nats does not flatten the others; what lies above leaves the figure at its top edge, its cross stays just below. The line
 * of chance is no reason to flatten them either: it is taken in where it is near.
 */
export function lossRange(runs: readonly RunRecord[], curves: readonly (readonly Point[])[]): [number, number] {
  const values = curves.flat().map((point) => point.y);
  const line = chanceOf(runs);
  const chances = line === null ? [] : [line];
  const start = Math.max(0, ...curves.map((curve) => curve[0]?.y ?? 0));
  const ceiling = 1.5 * Math.max(0, ...chances, start);
  if (values.length === 0) values.push(...chances);
  let low = Math.min(ceiling, ...values);
  let high = Math.min(Math.max(0, ...values), ceiling);
  const far = ROOM_FOR_CHANCE * (high - low);
  for (const chance of chances)
    if (low === high || (chance > low - far && chance < high + far))
      [low, high] = [Math.min(low, chance), Math.max(high, chance)];
  const room = 0.06 * (high - low || 1);
  return [Math.max(0, low - room), high + 1.5 * room];
}

/** Gives the highest place of a cross, so that it is seen whole. */
export function crossCeiling([low, high]: readonly [number, number]): number {
  return high - 0.04 * (high - low);
}

/**
 * Makes a horizontal line at chance over each panel, and its label at the panel's right end, where few curves are that high; where chance lies
 * outside of the shown range, the label with an arrow at that edge. None without a chance.
 */
export function chanceLines(
  chanceLoss: number | null,
  panels: readonly ("" | "2")[],
  range: readonly [number, number],
): { readonly shapes: Line[]; readonly annotations: Note[] } {
  if (chanceLoss === null) return { shapes: [], annotations: [] };
  const inside = chanceLoss >= range[0] && chanceLoss <= range[1];
  return {
    shapes: inside ? panels.map((panel) => chanceLine(chanceLoss, panel)) : [],
    annotations: panels.map((panel) => (inside ? lineNote(chanceLoss, panel) : edgeNote(chanceLoss, panel, range))),
  };
}

/** Gives the chance of runs together: the mean of theirs, since each seed has dev texts of its own; null where none has one. */
export function chanceOf(runs: readonly RunRecord[]): number | null {
  const chances = runs.map((run) => run.chanceLoss).filter((loss): loss is number => loss !== null);
  return chances.length === 0 ? null : chances.reduce((sum, loss) => sum + loss, 0) / chances.length;
}

function chanceLine(chanceLoss: number, panel: "" | "2"): Line {
  return {
    type: "line",
    xref: `x${panel} domain` as "paper",
    yref: `y${panel}`,
    x0: 0,
    x1: 1,
    y0: chanceLoss,
    y1: chanceLoss,
    layer: "below",
    line: { color: colors.grey, width: 1.5, dash: "dash" },
  };
}

const noteLooks = {
  x: 0.995,
  xanchor: "right",
  yanchor: "top",
  showarrow: false,
  font: { size: 12, color: "#595959" },
  bgcolor: "rgba(255, 255, 255, 0.7)",
} as const;

function lineNote(chanceLoss: number, panel: "" | "2"): Note {
  return {
    ...noteLooks,
    text: chanceLabel(chanceLoss),
    xref: `x${panel} domain` as "paper",
    yref: `y${panel}`,
    y: chanceLoss,
  };
}

function edgeNote(chanceLoss: number, panel: "" | "2", range: readonly [number, number]): Note {
  const above = chanceLoss > range[1];
  return {
    ...noteLooks,
    text: `${above ? "\u2191" : "\u2193"} ${chanceLabel(chanceLoss)}`,
    xref: `x${panel} domain` as "paper",
    yref: `y${panel} domain` as "paper",
    y: above ? 1 : 0,
    yanchor: above ? "top" : "bottom",
  };
}

/** Labels the line of the loss at chance. @example chanceLabel(Math.log(6)) // "chance (log 6)" */
export function chanceLabel(chanceLoss: number): string {
  const classes = Math.exp(chanceLoss);
  const whole = Math.round(classes);
  return Math.abs(classes - whole) < 1e-4 * whole ? `chance (log ${whole})` : `chance (${formatNumber(chanceLoss, 3)})`;
}

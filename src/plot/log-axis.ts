import type { LayoutAxis } from "plotly.js";
import { formatNumber, formatRate } from "../table/number";

/**
 * Makes a logarithmic axis with whole labels (50, not a lone 5 below 100): 1, 2, 5 per decade over up to two decades, only powers of ten beyond,
 * and of these only so many that about nine are left.
 * @param values what is drawn on it; those that are not positive have no place and are ignored
 * @param leastFactor the axis spans at least this factor, so that a flat curve looks flat
 */
export function logAxis(values: readonly number[], leastFactor = 4): Partial<LayoutAxis> {
  const logs = values.filter((value) => value > 0 && Number.isFinite(value)).map(Math.log10);
  const low = logs.length === 0 ? 0 : Math.min(...logs);
  const high = logs.length === 0 ? 1 : Math.max(...logs);
  const room = Math.max(0.06 * (high - low), 0.05, (Math.log10(leastFactor) - (high - low)) / 2);
  const range: [number, number] = [low - room, high + room];
  const leads = range[1] - range[0] > 2.6 ? [1] : [1, 2, 5];
  const every = Math.ceil((range[1] - range[0]) / 9);
  const ticks = leads
    .flatMap((lead) => decades(range, every).map((decade) => Number(`${lead}e${decade}`)))
    .filter((tick) => Math.log10(tick) >= range[0] && Math.log10(tick) <= range[1])
    .sort((a, b) => a - b);
  return { type: "log", range, tickmode: "array", tickvals: ticks, ticktext: ticks.map(tickText) };
}

/**
 * Writes the number beside a tick.
 * @example tickText(0.05) // "0.05"
 * @example tickText(1e7) // "10 million"
 */
export function tickText(value: number): string {
  if (value >= 1e9) return `${formatNumber(value / 1e9)} billion`;
  if (value >= 1e6) return `${formatNumber(value / 1e6)} million`;
  return value >= 1 ? formatNumber(value) : value >= 1e-4 ? String(value) : formatRate(value);
}

/** Powers of ten around the range, every one or every so many. */
function decades([low, high]: readonly [number, number], every: number): readonly number[] {
  const first = Math.floor(low);
  const all = Array.from({ length: Math.ceil(high) - first + 1 }, (_, i) => first + i);
  return all.filter((decade) => decade % every === 0);
}

/** Gives ticks at the measured places themselves, for a logarithmic axis of sizes. */
export function ticksAt(values: readonly number[]): { tickmode: "array"; tickvals: number[]; ticktext: string[] } {
  const places = [...new Set(values)].sort((a, b) => a - b);
  return { tickmode: "array", tickvals: places, ticktext: places.map((place) => formatNumber(place)) };
}

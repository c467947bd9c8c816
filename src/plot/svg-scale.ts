import type { LayoutAxis } from "plotly.js";
import { formatNumber } from "../table/number";
import { logAxis, tickText } from "./log-axis";
import { plainText } from "./svg-text";

/** A place on an axis with its label. */
export interface Tick {
  readonly at: number;
  readonly text: string;
}

/** How the values of an axis lie in the figure, in pixels. */
export interface Scale {
  /** Of a value of the data: NaN where it has no place (zero on a logarithmic axis). */
  place(value: unknown): number;
  /** Of a coordinate of the axis itself: the exponent on a logarithmic axis, the count from 0 on one of names. */
  at(coordinate: number): number;
  /** Pixels of one unit: of one name, for the width of bars and cells. */
  readonly unit: number;
  readonly ticks: readonly Tick[];
  readonly start: number;
  readonly end: number;
}

export interface ScaleInput {
  readonly axis: Partial<LayoutAxis>;
  /** All that is drawn on it. */
  readonly values: readonly unknown[];
  /** Pixels of the axis's two ends; `start` is below for a vertical one. */
  readonly start: number;
  readonly end: number;
  /** Room that one label wants along the axis. */
  readonly labelRoom: number;
  /** Whether the axis begins at zero where nothing else is said. */
  readonly fromZero?: boolean;
}

/** Gives the kind of axis that Plotly would take for these values; null where this file does not draw it (dates). */
export function axisKind(axis: Partial<LayoutAxis>, values: readonly unknown[]): "linear" | "log" | "category" | null {
  if (axis.type === "log" || axis.type === "category" || axis.type === "linear") return axis.type;
  if (axis.type !== undefined && axis.type !== "-") return null;
  const texts = values.filter((value): value is string => typeof value === "string");
  if (texts.some((text) => /^\d{4}-\d\d/.test(text))) return null;
  return texts.some((text) => text.trim() === "" || !Number.isFinite(Number(text))) ? "category" : "linear";
}

/** Gives the scale of an axis: its range as given, else around its values; ticks as given, else round numbers. */
export function scaleOf(input: ScaleInput): Scale {
  const { axis, values, start, end } = input;
  const kind = axisKind(axis, values) ?? "linear";
  const names = kind === "category" ? [...new Set(values.map(String))] : [];
  const coordinate = (value: unknown): number => {
    if (kind === "category") {
      const place = names.indexOf(String(value));
      return place === -1 && typeof value === "number" ? value : place === -1 ? NaN : place;
    }
    const number = value === null || value === undefined || value === "" ? NaN : Number(value);
    return kind === "log" ? (number > 0 ? Math.log10(number) : NaN) : number;
  };
  const numbers = values.map(coordinate).filter(Number.isFinite);
  const found =
    kind === "category" ? ([-0.5, names.length - 0.5] as const) : around(numbers, kind, axis, input.fromZero === true);
  const given = axis.range?.map(Number);
  const [low, high] =
    given?.length === 2 && given.every(Number.isFinite) && given[0] !== given[1]
      ? (given as [number, number])
      : axis.autorange === "reversed"
        ? [found[1], found[0]]
        : found;
  const unit = (end - start) / (high - low);
  const at = (place: number): number => start + (place - low) * unit;
  const [least, most] = [Math.min(low, high), Math.max(low, high)];
  const slack = 1e-6 * (most - least);
  const ticks = ticksOf(kind, axis, [least, most], names, Math.abs(end - start) / input.labelRoom)
    .map(({ at: value, text }) => ({ value: kind === "category" ? value : coordinate(value), text }))
    .filter(({ value }) => value >= least - slack && value <= most + slack)
    .map(({ value, text }) => ({ at: at(value), text }));
  return { place: (value) => at(coordinate(value)), at, unit: Math.abs(unit), ticks, start, end };
}

function around(
  numbers: readonly number[],
  kind: "linear" | "log",
  axis: Partial<LayoutAxis>,
  fromZero: boolean,
): readonly [number, number] {
  if (kind === "log") return logAxis(numbers.map((exponent) => 10 ** exponent)).range as [number, number];
  if (numbers.length === 0) return [0, 1];
  let [low, high] = [Infinity, -Infinity];
  for (const number of numbers) [low, high] = [Math.min(low, number), Math.max(high, number)];
  const zero = fromZero || axis.rangemode === "tozero";
  if (zero) [low, high] = [Math.min(0, low), Math.max(0, high)];
  const room = 0.05 * (high - low) || Math.abs(high) / 10 || 1;
  return [zero && low === 0 ? 0 : low - room, zero && high === 0 ? 0 : high + room];
}

function ticksOf(
  kind: "linear" | "log" | "category",
  axis: Partial<LayoutAxis>,
  [low, high]: readonly [number, number],
  names: readonly string[],
  room: number,
): readonly Tick[] {
  if (axis.showticklabels === false) return [];
  if (axis.tickvals !== undefined)
    return axis.tickvals.map((value: unknown, i) => ({
      at: kind === "category" ? names.indexOf(String(value)) : Number(value),
      text: plainText(axis.ticktext?.[i] ?? String(value)),
    }));
  if (kind === "category") return names.map((name, at) => ({ at, text: plainText(name) }));
  if (kind === "log") {
    const { tickvals = [] } = logAxis([10 ** low, 10 ** high]);
    return (tickvals as number[]).map((value) => ({ at: value, text: tickText(value) }));
  }
  const step =
    typeof axis.dtick === "number" && axis.dtick > 0
      ? axis.dtick
      : roundStep((high - low) / Math.max(2, Math.min(room, 9)));
  const digits = Math.max(0, Math.min(8, -Math.floor(Math.log10(step) + 1e-9)));
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.min(200, Math.floor(high / step + 1e-9) - first + 1);
  const percent = typeof axis.tickformat === "string" && axis.tickformat.endsWith("%");
  return Array.from({ length: Math.max(0, count) }, (_, i) => {
    const value = (first + i) * step;
    return {
      at: value,
      text: percent ? `${formatNumber(100 * value, Math.max(0, digits - 2))}%` : tickLabel(value, digits),
    };
  });
}

function tickLabel(value: number, digits: number): string {
  return Math.abs(value) >= 1e7 ? tickText(value) : formatNumber(value === 0 ? 0 : value, digits);
}

/** Gives the smallest of 1, 2, 5 times a power of ten that is not below. @example roundStep(0.3) // 0.5 */
export function roundStep(least: number): number {
  if (!(least > 0) || !Number.isFinite(least)) return 1;
  const decade = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find((lead) => lead * decade >= least * (1 - 1e-9)) ?? 10) * decade;
}

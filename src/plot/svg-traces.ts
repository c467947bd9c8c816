import type { Trace } from "./figure";
import { colors } from "./palette";
import { dashArray, markerPath, pathOf, thinned, withCorners } from "./svg-path";
import type { Pixel } from "./svg-path";
import type { Scale } from "./svg-scale";
import { element, paint, plainText, textAt, textWidth } from "./svg-text";

/** The two axes of a panel. */
export interface PanelScales {
  readonly x: Scale;
  readonly y: Scale;
}

/** Points of one curve that are kept, however many there are. */
const MOST_POINTS = 1200;
/** And of all curves of a figure together. */
const MOST_IN_ALL = 3600;

const cycle = [colors.blue, colors.vermillion, colors.green, colors.orange, colors.purple, colors.sky];

/** Makes a column of a trace as an array; what is no list of values is empty. */
export function columnOf(column: unknown): readonly unknown[] {
  if (Array.isArray(column)) return column as readonly unknown[];
  return ArrayBuffer.isView(column) && !(column instanceof DataView) ? Array.from(column as Float64Array) : [];
}

/** Gives values along x and y; where one is left out, it counts from 0. */
export function pointsOf(trace: Trace): { readonly x: readonly unknown[]; readonly y: readonly unknown[] } {
  const [x, y] = [columnOf(trace.x), columnOf(trace.y)];
  const counted = (other: readonly unknown[]): readonly number[] => other.map((_, i) => i);
  return { x: x.length > 0 ? x : counted(y), y: y.length > 0 ? y : counted(x) };
}

/** Gives the colour of a whole trace: its line's, else its marker's, else one of a fixed cycle. */
export function colorOf(trace: Trace, index: number): string {
  const own = [trace.line?.color, trace.marker?.color, trace.fillcolor].find((color) => typeof color === "string");
  return typeof own === "string" && !/^rgba\(.*,\s*0\s*\)$/.test(own) ? own : cycle[index % cycle.length]!;
}

/** Says whether a scatter trace has this part ("lines", "markers", "text"), by its mode or by Plotly's rule for none. */
export function hasMode(trace: Trace, part: "lines" | "markers" | "text"): boolean {
  const mode = trace.mode ?? (pointsOf(trace).y.length < 20 ? "lines+markers" : "lines");
  return mode.split("+").includes(part);
}

/** Filled ground, line, error bars, markers and words of one scatter trace; `shared` is the number of curves in the figure, `before` the one that "tonexty" fills down to. */
export function scatterMarkup(
  trace: Trace,
  index: number,
  { x, y }: PanelScales,
  shared: number,
  before: Trace | undefined,
): string {
  const color = colorOf(trace, index);
  const values = pointsOf(trace);
  const all = values.x.map((value, i): Pixel => ({ x: x.place(value), y: y.place(values.y[i]) }));
  const most = Math.max(40, Math.min(MOST_POINTS, Math.floor(MOST_IN_ALL / shared)));
  const points = thinned(all, most);
  const corners = withCorners(points, trace.line?.shape);
  const width = trace.line?.width ?? 2;
  return [
    fillMarkup(trace, color, corners, y, () => (before === undefined ? [] : placed(before, { x, y }, most))),
    hasMode(trace, "lines") && width > 0
      ? element("path", {
          d: pathOf(corners),
          fill: "none",
          ...paint("stroke", trace.line?.color === undefined ? color : String(trace.line.color)),
          "stroke-width": width,
          "stroke-dasharray": dashArray(trace.line?.dash, width),
          "stroke-linejoin": "round",
        })
      : "",
    errorMarkup(trace, color, all, values.y, y),
    hasMode(trace, "markers") ? markersMarkup(trace, color, thinned(all, Math.min(most, 400))) : "",
    hasMode(trace, "text") ? wordsMarkup(trace, all) : "",
  ].join("");
}

function placed(trace: Trace, { x, y }: PanelScales, most: number): readonly Pixel[] {
  const values = pointsOf(trace);
  const points = values.x.map((value, i): Pixel => ({ x: x.place(value), y: y.place(values.y[i]) }));
  return withCorners(thinned(points, most), trace.line?.shape);
}

function fillMarkup(
  trace: Trace,
  color: string,
  points: readonly Pixel[],
  y: Scale,
  previous: () => readonly Pixel[],
): string {
  const drawn = points.filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y));
  if (trace.fill === undefined || trace.fill === "none" || drawn.length === 0) return "";
  const [first, last] = [drawn[0]!, drawn.at(-1)!];
  const zero = Number.isFinite(y.place(0)) ? y.place(0) : y.start;
  const floor =
    trace.fill === "tozeroy"
      ? [
          { x: last.x, y: zero },
          { x: first.x, y: zero },
        ]
      : trace.fill === "tonexty"
        ? [...previous()].reverse()
        : [];
  const fill =
    typeof trace.fillcolor === "string" ? paint("fill", trace.fillcolor) : { fill: color, "fill-opacity": "0.3" };
  return element("path", { d: pathOf([...drawn, ...floor], true), ...fill });
}

/** One path for a whole trace, one for each marker only where they differ in colour or size. */
function markersMarkup({ marker = {} }: Trace, color: string, points: readonly Pixel[]): string {
  const drawn = points.filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y));
  const colours: unknown = marker.color;
  const sizes: unknown = marker.size;
  const symbols: unknown = marker.symbol;
  const own = (value: unknown, i: number): unknown => (Array.isArray(value) ? (value as unknown[])[i] : value);
  const look = (i: number) => {
    const fill = own(colours, i);
    const size = own(sizes, i);
    const outline =
      marker.line?.width === undefined || marker.line.width === 0
        ? {}
        : { stroke: String(marker.line.color ?? "#444444"), "stroke-width": Number(marker.line.width) };
    return {
      size: typeof size === "number" ? size : 6,
      symbol: own(symbols, i),
      style: { ...paint("fill", typeof fill === "string" ? fill : color), ...outline },
    };
  };
  if (![colours, sizes, symbols].some(Array.isArray)) {
    const { size, symbol, style } = look(0);
    return drawn.length === 0
      ? ""
      : element("path", { d: drawn.map((point) => markerPath(symbol, point, size)).join(""), ...style });
  }
  return drawn
    .map((point, i) => {
      const { size, symbol, style } = look(i);
      return element("path", { d: markerPath(symbol, point, size), ...style });
    })
    .join("");
}

function errorMarkup(
  trace: Trace,
  color: string,
  points: readonly Pixel[],
  values: readonly unknown[],
  y: Scale,
): string {
  const bars = trace.error_y;
  if (bars === undefined || bars.visible === false || !("array" in bars)) return "";
  const up = columnOf(bars.array);
  const down = columnOf(bars.arrayminus);
  const d = points
    .map((point, i) => {
      const value = Number(values[i]);
      const high = y.place(value + Number(up[i] ?? 0));
      const low = y.place(value - Number(down[i] ?? up[i] ?? 0));
      const beam = (at: number): string =>
        pathOf([
          { x: point.x - 4, y: at },
          { x: point.x + 4, y: at },
        ]);
      return (
        pathOf([
          { x: point.x, y: low },
          { x: point.x, y: high },
        ]) +
        beam(low) +
        beam(high)
      );
    })
    .join("");
  return element("path", { d, fill: "none", stroke: String(bars.color ?? color), "stroke-width": 1.5 });
}

function wordsMarkup(trace: Trace, points: readonly Pixel[]): string {
  const above = String(trace.textposition ?? "middle center").includes("top");
  return points
    .map((point, i) => {
      const word = plainText(Array.isArray(trace.text) ? trace.text[i] : trace.text);
      return word === "" || !Number.isFinite(point.x + point.y)
        ? ""
        : textAt(point.x, point.y + (above ? -8 : 4), word, { size: 12, color: "#1a1a1a", anchor: "middle" });
    })
    .join("");
}

/** Gives the least distance of two different values at their places; `alone` where there is only one. */
export function spacing(values: readonly unknown[], place: (value: unknown) => number, alone: number): number {
  const places = [...new Set(values.map(place).filter(Number.isFinite))].sort((a, b) => a - b);
  return places.length < 2 ? alone : Math.min(...places.slice(1).map((at, i) => at - places[i]!));
}

/** Gives the bars of one panel, in groups of one bar a trace or on top of each other; their words outside, above all bars. */
export function barsMarkup(
  traces: readonly { readonly trace: Trace; readonly index: number }[],
  { x, y }: PanelScales,
  stacked: boolean,
  gap: number,
): string {
  const room =
    spacing(
      traces.flatMap(({ trace }) => pointsOf(trace).x),
      x.place,
      x.unit,
    ) *
    (1 - gap);
  const width = stacked ? room : room / traces.length;
  const heights = new Map<string, number>();
  const floor = Number.isFinite(y.place(0)) ? y.place(0) : y.start;
  const words: string[] = [];
  const bars = traces
    .map(({ trace, index }, t) => {
      const values = pointsOf(trace);
      const colours: unknown = trace.marker?.color;
      return values.x
        .map((name, i) => {
          const below = stacked ? (heights.get(String(name)) ?? 0) : 0;
          const top = y.place(below + Number(values.y[i]));
          const base = below === 0 ? floor : y.place(below);
          const left = x.place(name) - room / 2 + (stacked ? 0 : t * width);
          if (!Number.isFinite(left + top + base)) return "";
          heights.set(String(name), below + Number(values.y[i]));
          const own: unknown = Array.isArray(colours) ? colours[i] : colours;
          const bar = element("path", {
            d: pathOf(
              [
                { x: left, y: base },
                { x: left, y: top },
                { x: left + width, y: top },
                { x: left + width, y: base },
              ],
              true,
            ),
            ...paint("fill", typeof own === "string" ? own : colorOf(trace, index)),
          });
          const word = plainText(Array.isArray(trace.text) ? trace.text[i] : trace.text);
          if (word !== "") words.push(barWord(word, left + width / 2, Math.min(top, base) - 4, width));
          return bar;
        })
        .join("");
    })
    .join("");
  return bars + words.join("");
}

/** The least size of letters that is read easily. */
const SMALLEST = 9;

/** The words of a bar, no wider than it is: in smaller letters, or upright where those would be too small. */
function barWord(word: string, x: number, y: number, width: number): string {
  const size = Math.min(12, (12 * width) / textWidth(word, 12));
  if (size >= SMALLEST) return textAt(x, y, word, { size: Math.floor(size), color: "#1a1a1a", anchor: "middle" });
  const upright = Math.min(12, Math.max(SMALLEST, width));
  return textAt(x + 0.35 * upright, y, word, { size: upright, color: "#1a1a1a", rotate: -90 });
}

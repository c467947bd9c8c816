import type { LayoutAxis } from "plotly.js";
import type { Figure, FigureLayout, Trace } from "./figure";
import { colorBarMarkup, heatMarkup } from "./svg-heat-map";
import { legendEntries, legendRows } from "./svg-legend";
import { notesMarkup, shapesMarkup } from "./svg-notes";
import { pathOf } from "./svg-path";
import { axisKind, scaleOf } from "./svg-scale";
import type { Scale } from "./svg-scale";
import { element, paint, plainLines, plainText, short, textAt, textWidth } from "./svg-text";
import { barsMarkup, columnOf, pointsOf, scatterMarkup, spacing } from "./svg-traces";
import { wrap } from "./template";

const INK = "#1a1a1a";
const QUIET = "#595959";
const WIDTH = 800;

/**
 * Gives a figure as a static picture, for pages that run no scripts: the same curves, bars, cells, axes, names and words as Plotly draws, not the same pixels.
 * Curves of thousands of points are thinned to what can be seen. No scripts, no links, no outside fonts; every text is escaped.
 * @returns null for what this does not draw (another kind of trace, dates, bars that lie down)
 * @example figureSvg(scheduleFigure([{ name: "MeZO", queries: 1 }], { steps: 32, stepsPerEpoch: 16 }))?.slice(0, 4) // "<svg"
 */
export function figureSvg({ data, layout }: Figure): string | null {
  const traces = data.filter((trace) => trace.visible !== false && trace.visible !== "legendonly");
  const axes = axesOf(traces, layout);
  if (!traces.every(isDrawn) || axes.some(({ axis, values }) => axisKind(axis, values) === null)) return null;
  const head = headOf(layout);
  const legend = legendRows(legendEntries(traces, layout.showlegend), WIDTH - 28);
  const foot =
    24 + (axes.some(({ letter, axis }) => letter === "x" && titleOf(axis) !== "") ? 22 : 0) + legend.height + 8;
  const height = Math.max(layout.height ?? 450, head.height + foot + 150);
  const paper = { top: head.height, bottom: height - foot };

  const vertical = axes
    .filter(({ letter }) => letter === "y")
    .map((item) => ({ ...item, scale: scaleFor(item, [paper.bottom, paper.top], 40) }));
  const heat = traces.find((trace) => trace.type === "heatmap" && trace.showscale !== false);
  const left =
    14 +
    Math.max(
      26,
      ...vertical
        .filter(({ axis }) => axis.side !== "right")
        .map(({ axis, scale }) => labelWidth(scale) + (titleOf(axis) === "" ? 0 : 20)),
    );
  const right = WIDTH - (heat !== undefined ? 92 : vertical.some(({ axis }) => axis.side === "right") ? 72 : 24);
  const horizontal = axes
    .filter(({ letter }) => letter === "x")
    .map((item) => ({ ...item, scale: scaleFor(item, [left, right], 60) }));

  const scales = new Map([...vertical, ...horizontal].map(({ name, scale }) => [name, scale]));
  const [firstX, firstY] = [horizontal[0]!.scale, vertical[0]!.scale];
  const across = (item: Axis): Scale => scales.get(String(item.axis.anchor)) ?? (item.letter === "x" ? firstY : firstX);
  const places = {
    axis: (name: string) => scales.get(name),
    paper: { x: [left, right], y: [paper.bottom, paper.top] },
  } as const;
  const below = (layout.shapes ?? []).filter(({ layer }) => layer === "below");
  const above = (layout.shapes ?? []).filter(({ layer }) => layer !== "below");
  const panels = panelsOf(traces).map((panel) => {
    const [x, y] = [scales.get(panel.x)!, scales.get(panel.y)!];
    return { ...panel, markup: panelMarkup(panel.traces, { x, y }, traces.length, layout), x, y };
  });
  const drawn = panels.map(({ markup }) => markup).join("");
  const ids = panels.map((_, i) => `p${hash(drawn)}-${i}`);
  const clips = panels.map(({ x, y }, i) =>
    element(
      "clipPath",
      { id: ids[i]! },
      element("rect", { x: x.start, y: y.end - 1, width: x.end - x.start, height: y.start - y.end + 2 }),
    ),
  );

  const body = [
    element("rect", { width: WIDTH, height, fill: "#ffffff" }),
    ...(clips.length === 0 ? [] : [element("defs", {}, clips.join(""))]),
    ...[...horizontal, ...vertical].map((item) => gridMarkup(item, item.scale, across(item))),
    shapesMarkup(below, places),
    ...panels.map(({ markup, bars }, i) =>
      element("g", { "clip-path": bars ? undefined : `url(#${ids[i]!})` }, markup),
    ),
    ...[...horizontal, ...vertical].map((item) => axisMarkup(item, item.scale, across(item), left)),
    shapesMarkup(above, places),
    notesMarkup(layout.annotations ?? [], places, INK),
    heat === undefined ? "" : colorBarMarkup(heat, right + 12, paper.top, paper.bottom - paper.top, INK),
    head.markup,
    legend.markup(14, height - 8 - legend.height, INK),
  ];
  const about = { role: "img", "aria-label": head.title === "" ? "figure" : head.title };
  const size = { width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${short(height)}` };
  const type = { "font-family": "Helvetica, Arial, sans-serif", style: "max-width:100%;height:auto" };
  return element("svg", { xmlns: "http://www.w3.org/2000/svg", ...size, ...type, ...about }, body.join(""));
}

function isDrawn({ type = "scatter", orientation }: Trace): boolean {
  return type === "scatter" || type === "scattergl" || type === "heatmap" || (type === "bar" && orientation !== "h");
}

/** One axis with all values that lie on it. */
interface Axis {
  /** "x", "y2": how traces name it. */
  readonly name: string;
  readonly letter: "x" | "y";
  readonly axis: Partial<LayoutAxis>;
  readonly values: readonly unknown[];
  readonly fromZero: boolean;
}

function axesOf(traces: readonly Trace[], layout: FigureLayout): readonly Axis[] {
  const given = layout as Readonly<Record<string, Partial<LayoutAxis> | undefined>>;
  return (["x", "y"] as const).flatMap((letter) => {
    const named = Object.keys(layout)
      .filter((key) => new RegExp(`^${letter}axis\\d*$`).test(key))
      .map((key) => key.replace("axis", ""));
    const names = [...new Set([letter, ...named, ...traces.map((trace) => trace[`${letter}axis`] ?? letter)])];
    return names.map((name): Axis => {
      const axis = given[name.replace(letter, `${letter}axis`)] ?? {};
      const own = traces.filter((trace) => [name, axis.matches].includes(trace[`${letter}axis`] ?? letter));
      const bars = own.some(({ type, fill }) => (type === "bar" || fill === "tozeroy") && letter === "y");
      return { name, letter, axis, values: own.flatMap((trace) => valuesOn(trace, letter)), fromZero: bars };
    });
  });
}

/** What a trace needs of an axis; bars and cells reach half a step beyond their centres. */
function valuesOn(trace: Trace, letter: "x" | "y"): readonly unknown[] {
  const size = columnOf(trace.z);
  const counts = letter === "y" ? size.length : Math.max(0, ...size.map((row) => columnOf(row).length));
  const column = columnOf(trace[letter]);
  const values =
    trace.type === "heatmap"
      ? column.length > 0
        ? column
        : Array.from({ length: counts }, (_, i) => i)
      : pointsOf(trace)[letter];
  const wide = trace.type === "heatmap" || (trace.type === "bar" && letter === "x");
  if (!wide || !values.every((value): value is number => typeof value === "number")) return values;
  const half = spacing(values, (value) => Number(value), 1) / 2;
  return [...values, Math.min(...values) - half, Math.max(...values) + half];
}

function scaleFor(item: Axis, [start, end]: readonly [number, number], labelRoom: number): Scale {
  const [from, to] = item.axis.domain ?? [0, 1];
  const place = (share: number | undefined, other: number): number => start + (end - start) * (share ?? other);
  return scaleOf({ ...item, start: place(from, 0), end: place(to, 1), labelRoom });
}

interface Panel {
  readonly x: string;
  readonly y: string;
  readonly traces: readonly { readonly trace: Trace; readonly index: number }[];
  /** Words above bars may stand outside. */
  readonly bars: boolean;
}

function panelsOf(traces: readonly Trace[]): readonly Panel[] {
  const panels = new Map<string, { trace: Trace; index: number }[]>();
  traces.forEach((trace, index) => {
    const key = `${trace.xaxis ?? "x"} ${trace.yaxis ?? "y"}`;
    panels.set(key, [...(panels.get(key) ?? []), { trace, index }]);
  });
  return [...panels].map(([key, own]) => {
    const [x, y] = key.split(" ") as [string, string];
    return { x, y, traces: own, bars: own.every(({ trace }) => trace.type === "bar") };
  });
}

function panelMarkup(
  own: Panel["traces"],
  scales: { readonly x: Scale; readonly y: Scale },
  shared: number,
  layout: FigureLayout,
): string {
  const of = (...types: readonly string[]) => own.filter(({ trace }) => types.includes(trace.type ?? "scatter"));
  const bars = of("bar");
  const curves = of("scatter", "scattergl");
  return [
    ...of("heatmap").map(({ trace }) => heatMarkup(trace, scales)),
    bars.length === 0 ? "" : barsMarkup(bars, scales, layout.barmode === "stack", layout.bargap ?? 0.2),
    ...curves.map(({ trace, index }, i) => scatterMarkup(trace, index, scales, shared, curves[i - 1]?.trace)),
  ].join("");
}

function gridMarkup({ letter, axis }: Axis, scale: Scale, across: Scale): string {
  if (axis.showgrid === false || axis.visible === false) return "";
  const d = scale.ticks.map(({ at }) => stroke(letter, at, across.start, across.end)).join("");
  return d === "" ? "" : element("path", { d, ...paint("stroke", String(axis.gridcolor ?? "#e6e6e6")) });
}

/** A straight line over or beside the axis at one of its places. */
function stroke(letter: "x" | "y", at: number, from: number, to: number): string {
  return letter === "x"
    ? pathOf([
        { x: at, y: from },
        { x: at, y: to },
      ])
    : pathOf([
        { x: from, y: at },
        { x: to, y: at },
      ]);
}

function axisMarkup({ letter, axis }: Axis, scale: Scale, across: Scale, left: number): string {
  if (axis.visible === false) return "";
  const rightSide = letter === "y" && axis.side === "right";
  const edge = rightSide ? across.end : across.start;
  const out = letter === "x" || rightSide ? 4 : -4;
  const d =
    stroke(letter === "x" ? "y" : "x", edge, scale.start, scale.end) +
    scale.ticks.map(({ at }) => stroke(letter, at, edge, edge + out)).join("");
  const title = titleOf(axis);
  const middle = (scale.start + scale.end) / 2;
  const look = { size: 12, color: INK } as const;
  const line = element("path", { d, stroke: String(axis.linecolor ?? "#9a9a9a") });
  if (letter === "x") {
    const labels = apart(scale).map(({ at, text }) => textAt(at, edge + 18, text, { ...look, anchor: "middle" }));
    const name = title === "" ? "" : textAt(middle, edge + 38, title, { ...look, size: 13, anchor: "middle" });
    return [line, ...labels, name].join("");
  }
  const labels = scale.ticks.map(({ at, text }) =>
    textAt(edge + (rightSide ? 8 : -8), at + 4, text, { ...look, anchor: rightSide ? "start" : "end" }),
  );
  const away = labelWidth(scale) + 14;
  const place = rightSide ? edge + away + 8 : Math.max(edge - away, edge === left ? 16 : 0);
  const name = title === "" ? "" : textAt(place, middle, title, { ...look, size: 13, anchor: "middle", rotate: -90 });
  return [line, ...labels, name].join("");
}

/** The labels that have room beside each other. */
function apart(scale: Scale): Scale["ticks"] {
  let last = -Infinity;
  return [...scale.ticks]
    .sort((a, b) => a.at - b.at)
    .filter(({ at, text }) => {
      const half = textWidth(text, 12) / 2;
      if (at - half < last + 6) return false;
      last = at + half;
      return true;
    });
}

function labelWidth(scale: Scale): number {
  return Math.max(0, ...scale.ticks.map(({ text }) => textWidth(text, 12)));
}

function titleOf({ title }: Partial<LayoutAxis>): string {
  return plainText(typeof title === "object" && title !== null ? title.text : title);
}

/** Title and caption lines, top left. */
function headOf({ title, margin }: FigureLayout): {
  readonly title: string;
  readonly height: number;
  readonly markup: string;
} {
  const { text, subtitle } = typeof title === "object" && title !== null ? title : { text: title, subtitle: undefined };
  const lines = plainLines(text).flatMap((line) => (line.trim() === "" ? [] : wrap(line, 90)));
  const caption = plainLines(typeof subtitle === "object" ? subtitle.text : subtitle)
    .filter((line) => line !== "")
    .flatMap((line) => wrap(line, 125));
  const start = lines.length === 0 ? 18 : 10 + 21 * lines.length + 14;
  const markup = [
    ...lines.map((line, i) => textAt(10, 25 + 21 * i, line, { size: 17, color: INK })),
    ...caption.map((line, i) => textAt(10, start + 15 * i, line, { size: 12, color: QUIET })),
  ];
  const end = caption.length === 0 ? start : start + 15 * (caption.length - 1) + 8;
  return { title: lines.join(" "), height: Math.max(margin?.t ?? 0, end + 12), markup: markup.join("") };
}

/** Pictures that stand in one page must not share the names of their clips. FNV-1a. */
function hash(text: string): string {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return state.toString(36);
}

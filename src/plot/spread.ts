import { escapeText } from "../table/escape";
import { groupRuns } from "../table/record";
import type { RunGroup, RunRecord } from "../table/record";
import { spread } from "../table/statistics";
import { divergencePoint, groupLabel, lossCurve, severalRates, valueAt } from "./curve";
import type { Against, Point } from "./curve";
import type { Figure, Trace } from "./figure";
import { crossTrace, countRange } from "./loss";
import { chanceLine, countTitle, lossRange } from "./loss-axis";
import { stylesFor, translucent } from "./palette";
import type { Style } from "./palette";
import { axis, baseLayout, leftHalf, rightHalf } from "./template";
import type { FigureOptions } from "./template";

export type Band = "range" | "standard deviation";

export interface SpreadOptions extends FigureOptions {
  /** "both" draws two panels side by side. */
  readonly x: Against | "both";
  /** "range" (the default) shades from the lowest to the highest seed, "standard deviation" one of them to either side of the mean. */
  readonly band?: Band;
}

/** Mean and band over seeds at one place; `seeds` counts those still running there. */
export interface MeanPoint {
  readonly x: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly seeds: number;
}

/**
 * Over the seeds of each arm and learning rate: mean dev loss (line) and its spread (band). Where some seeds have ended, diverged ones
 * above all, the mean goes on over the seeds still running, drawn thin, and the figure says so: a mean over survivors flatters an arm.
 * @throws when there are no runs
 */
export function meanAndSpread(runs: readonly RunRecord[], options: SpreadOptions): Figure {
  const groups = groupRuns(runs);
  const { x, band = "range" } = options;
  const panels = x === "both" ? (["steps", "forward passes"] as const) : [x];
  const traces = panels.map((against, i) => spreadPanel(groups, against, band, i === 0 ? "" : "2", severalRates(runs)));
  const range = lossRange(
    runs,
    runs.map((run) => lossCurve(run, "steps")),
  );
  const ends = panels.map((against) =>
    countRange(
      runs.map((run) => lossCurve(run, against)),
      undefined,
    ),
  );
  const lines = panels.map((_, i) => chanceLine(runs[0]!.chanceLoss, i === 0 ? "" : "2"));
  const second = panels[1];
  return {
    data: traces.flat(),
    layout: baseLayout(options, spreadRemarks(groups, band), {
      xaxis: axis(countTitle(panels[0]!), { range: ends[0]!, ...(second === undefined ? {} : { domain: leftHalf }) }),
      yaxis: axis("dev loss (nats)", { range }),
      ...(second === undefined
        ? {}
        : {
            xaxis2: axis(countTitle(second), { range: ends[1]!, domain: rightHalf, anchor: "y2" }),
            yaxis2: axis("", { range, anchor: "x2", matches: "y" }),
          }),
      shapes: lines.map(({ line }) => line),
      annotations: lines.map(({ note }) => note),
    }),
  };
}

/**
 * Mean and band at every x where some seed was evaluated; a seed counts from its first to its last evaluation, in between by linear interpolation.
 * @example meanCurve([[{ x: 0, y: 1 }, { x: 2, y: 3 }], [{ x: 0, y: 3 }]], "range")
 * // [{ x: 0, mean: 2, low: 1, high: 3, seeds: 2 }, { x: 2, mean: 3, low: 3, high: 3, seeds: 1 }]
 */
export function meanCurve(curves: readonly (readonly Point[])[], band: Band): readonly MeanPoint[] {
  const places = [...new Set(curves.flat().map((point) => point.x))].sort((a, b) => a - b);
  return places.map((x) => {
    const values = curves.map((curve) => valueAt(curve, x)).filter((y): y is number => y !== null);
    const { mean, standardDeviation, count } = spread(values);
    const half = standardDeviation ?? 0;
    return band === "range"
      ? { x, mean, low: Math.min(...values), high: Math.max(...values), seeds: count }
      : { x, mean, low: mean - half, high: mean + half, seeds: count };
  });
}

function spreadPanel(
  groups: readonly RunGroup[],
  against: Against,
  band: Band,
  panel: "" | "2",
  rates: boolean,
): readonly Trace[] {
  const styles = stylesFor(groups.map((group) => group.arm));
  const drawn = groups.map((group, i) => {
    const label = groupLabel(group.arm, group.learningRate, rates);
    const points = meanCurve(
      group.runs.map((run) => lossCurve(run, against)),
      band,
    );
    const crosses = group.runs.map((run) => divergencePoint(run, against)).filter((p): p is Point => p !== null);
    return {
      bands: bandTraces(points, label, styles[i]!, panel),
      lines: meanTraces(points, group, label, styles[i]!, panel),
      crosses: crosses.length === 0 ? [] : [crossTrace(crosses, label, styles[i]!, panel)],
    };
  });
  return [...drawn.flatMap((x) => x.bands), ...drawn.flatMap((x) => x.lines), ...drawn.flatMap((x) => x.crosses)];
}

/** The band as one closed outline. */
function bandTraces(points: readonly MeanPoint[], label: string, style: Style, panel: "" | "2"): readonly Trace[] {
  if (points.every((point) => point.seeds < 2)) return [];
  const back = [...points].reverse();
  return [
    {
      ...shared(label, panel),
      mode: "lines",
      showlegend: false,
      x: [...points, ...back].map((point) => point.x),
      y: [...points.map((point) => point.high), ...back.map((point) => point.low)],
      fill: "toself",
      fillcolor: translucent(style.color, 0.16),
      line: { color: "rgba(0, 0, 0, 0)", width: 0 },
      hoverinfo: "skip",
    },
  ];
}

/** The mean in two pieces: thick while all seeds run, thin where only some do; the pieces touch. */
function meanTraces(
  points: readonly MeanPoint[],
  group: RunGroup,
  label: string,
  style: Style,
  panel: "" | "2",
): readonly Trace[] {
  const all = Math.max(0, ...points.map((point) => point.seeds));
  const end = points.findIndex((point) => point.seeds < all);
  const full = end === -1 ? points : points.slice(0, end);
  const partial = end === -1 ? [] : points.slice(Math.max(0, end - 1));
  const piece = (part: readonly MeanPoint[], width: number): Trace => ({
    ...shared(label, panel),
    mode: "lines",
    x: part.map((point) => point.x),
    y: part.map((point) => point.mean),
    text: part.map((point) => `${point.seeds} of ${group.runs.length} seeds`),
    line: { color: style.color, dash: style.dash, width },
    hovertemplate: "%{x:,} : mean %{y:.3f} over %{text}",
  });
  const named = { ...piece(full, 2.5), name: `${escapeText(label)} (${seedsText(group)})`, showlegend: panel === "" };
  return partial.length === 0 ? [named] : [named, { ...piece(partial, 1), showlegend: false }];
}

function shared(label: string, panel: "" | "2"): Trace {
  const name = escapeText(label);
  return { type: "scatter", name, legendgroup: name, xaxis: `x${panel}`, yaxis: `y${panel}` };
}

/** @example "5 seeds, 4 diverged" */
function seedsText({ runs }: RunGroup): string {
  const diverged = runs.filter((run) => run.diverged !== null).length;
  return `${runs.length} ${runs.length === 1 ? "seed" : "seeds"}${diverged === 0 ? "" : `, ${diverged} diverged`}`;
}

function spreadRemarks(groups: readonly RunGroup[], band: Band): readonly string[] {
  const runs = groups.flatMap((group) => group.runs);
  const uneven = groups.some(
    ({ runs: seeds }) => new Set(seeds.map((run) => lossCurve(run, "steps").at(-1)?.x)).size > 1,
  );
  const bandText = band === "range" ? "band: lowest to highest seed" : "band: one standard deviation to either side";
  return [
    `Line: mean over seeds; ${bandText}.` +
      (uneven ? " Thin line: some seeds have ended, mean of those still running." : "") +
      (runs.some((run) => run.diverged !== null) ? " \u2716 a seed diverged." : ""),
  ];
}

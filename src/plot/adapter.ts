import { fail } from "../check/check";
import { escapeText } from "../table/escape";
import { formatNumber } from "../table/number";
import type { Figure, Trace } from "./figure";
import { colors } from "./palette";
import { axis, baseLayout } from "./template";
import type { FigureOptions } from "./template";

/** Time of one adapter application at one size of input. */
export interface Timing {
  readonly tokens: number;
  readonly fastForwardMs: number;
  readonly reconstructionMs: number;
}

/**
 * Milliseconds of the two ways to apply a tensor-train matrix, against the number of tokens; both axes logarithmic.
 * @throws when there are no timings
 */
export function timeFigure(timings: readonly Timing[], options: FigureOptions = {}): Figure {
  if (timings.length === 0) fail("timings", "at least one timing", timings);
  const sorted = [...timings].sort((a, b) => a.tokens - b.tokens);
  const curve = (name: string, color: string, dash: "solid" | "dash", value: (timing: Timing) => number): Trace => ({
    type: "scatter",
    mode: "lines+markers",
    name,
    x: sorted.map((timing) => timing.tokens),
    y: sorted.map(value),
    line: { color, dash, width: 2.5 },
    marker: { color, size: 7 },
    hovertemplate: "%{x:,} tokens : %{y:.3g} ms",
  });
  return {
    data: [
      curve("fast forward (half-contracted cores)", colors.blue, "solid", (timing) => timing.fastForwardMs),
      curve("reconstruction (the dense matrix first)", colors.vermillion, "dash", (timing) => timing.reconstructionMs),
    ],
    layout: baseLayout(options, [], {
      xaxis: axis("tokens in the batch", { type: "log", ...ticksAt(sorted.map((timing) => timing.tokens)) }),
      yaxis: axis("time per application (ms)", { type: "log", exponentformat: "none", dtick: "D2" }),
    }),
  };
}

/** Trainable parameters of one adapter on one model. */
export interface ParameterCount {
  readonly model: string;
  readonly adapter: string;
  readonly parameters: number;
}

/**
 * Trainable parameters as bars on a logarithmic axis, grouped by model, one colour per adapter, each bar labelled with its count.
 * @throws when there are no counts
 */
export function parameterCountFigure(counts: readonly ParameterCount[], options: FigureOptions = {}): Figure {
  if (counts.length === 0) fail("counts", "at least one count", counts);
  const adapters = [...new Set(counts.map((count) => count.adapter))];
  const shades = [colors.blue, colors.vermillion, colors.green, colors.orange, colors.purple, colors.sky];
  const values = counts.map((count) => count.parameters);
  const data = adapters.map((adapter, i): Trace => {
    const own = counts.filter((count) => count.adapter === adapter);
    return {
      type: "bar",
      name: escapeText(adapter),
      x: own.map((count) => escapeText(count.model)),
      y: own.map((count) => count.parameters),
      text: own.map((count) => formatNumber(count.parameters)),
      textposition: "outside",
      cliponaxis: false,
      marker: { color: shades[i % shades.length]! },
      hovertemplate: "%{x} : %{y:,} trainable parameters",
    };
  });
  const low = Math.floor(Math.log10(Math.min(...values)) - 0.3);
  const high = Math.log10(Math.max(...values)) + 0.35;
  return {
    data,
    layout: baseLayout(options, ["Logarithmic axis: equal heights are equal factors."], {
      barmode: "group",
      bargap: 0.3,
      xaxis: axis("", { type: "category", showgrid: false }),
      yaxis: axis("trainable parameters", { type: "log", range: [low, high], dtick: 1, tickformat: "," }),
    }),
  };
}

/** How strongly a fresh adapter changes its input: |A(h) - h| / |h|. */
export interface InitialScale {
  /** The curve it belongs to, e.g. "s = 1 (paper)". */
  readonly name: string;
  readonly hiddenSize: number;
  readonly relativeOutput: number;
}

/**
 * Relative output of a fresh adapter against the hidden size; both axes logarithmic.
 * @throws when there is nothing to draw
 */
export function initialScaleFigure(scales: readonly InitialScale[], options: FigureOptions = {}): Figure {
  if (scales.length === 0) fail("scales", "at least one measurement", scales);
  const names = [...new Set(scales.map((scale) => scale.name))];
  const shades = [colors.vermillion, colors.blue, colors.green, colors.orange, colors.purple];
  const dashes = ["solid", "dash", "dot", "dashdot", "longdash"] as const;
  const data = names.map((name, i): Trace => {
    const own = scales.filter((scale) => scale.name === name).sort((a, b) => a.hiddenSize - b.hiddenSize);
    const color = shades[i % shades.length]!;
    return {
      type: "scatter",
      mode: "lines+markers",
      name: escapeText(name),
      x: own.map((scale) => scale.hiddenSize),
      y: own.map((scale) => scale.relativeOutput),
      line: { color, dash: dashes[i % dashes.length]!, width: 2.5 },
      marker: { color, size: 7 },
      hovertemplate: "hidden size %{x:,} : %{y:.3g}",
    };
  });
  return {
    data,
    layout: baseLayout(options, [], {
      xaxis: axis("hidden size", { type: "log", ...ticksAt(scales.map((scale) => scale.hiddenSize)) }),
      yaxis: axis("relative output |A(h) - h| / |h|", { type: "log", exponentformat: "none", dtick: "D2" }),
    }),
  };
}

/** Ticks at the measured places themselves. */
function ticksAt(values: readonly number[]): { tickmode: "array"; tickvals: number[]; ticktext: string[] } {
  const places = [...new Set(values)].sort((a, b) => a - b);
  return { tickmode: "array", tickvals: places, ticktext: places.map((place) => formatNumber(place)) };
}

import { fail } from "../check/check";
import { namesOf } from "../check/known-options";
import { escapeText } from "../table/escape";
import type { Figure, Trace } from "./figure";
import { logAxis, ticksAt } from "./log-axis";
import { colors } from "./palette";
import { axis, baseLayout, sharedOptions } from "./template";
import type { FigureOptions } from "./template";

/** A named line of points. */
export interface NamedLine {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface LinesOptions extends FigureOptions {
  /** Name of the horizontal axis, unit included. */
  readonly x: string;
  /** Name of the vertical axis, unit included. */
  readonly y: string;
  /** "log" when absent, where values that are not positive are left out. */
  readonly yScale?: "linear" | "log";
  /** "linear" when absent; "log" puts ticks at the values themselves. */
  readonly xScale?: "linear" | "log";
}

const OWN = namesOf<Omit<LinesOptions, keyof FigureOptions>>({ x: true, y: true, yScale: true, xScale: true });

/**
 * Any named lines, on a logarithmic vertical axis unless a linear one is asked for: singular values against their place, an error against the rank, a reward
 * against forward passes.
 * @throws when there are no lines
 */
export function linesFigure(lines: readonly NamedLine[], options: LinesOptions): Figure {
  if (lines.length === 0) fail("lines", "at least one line", lines);
  const shades = [colors.vermillion, colors.blue, colors.green, colors.orange, colors.purple];
  const dashes = ["dash", "solid", "dot", "dashdot", "longdash"] as const;
  const symbols = ["circle", "square", "diamond", "triangle-up", "x"] as const;
  const linear = options.yScale === "linear";
  const drawn = lines.map(({ name, points }) => ({ name, points: points.filter(({ y }) => linear || y > 0) }));
  const all = drawn.flatMap(({ points }) => points);
  const data = drawn.map(({ name, points }, i): Trace => {
    const color = shades[i % shades.length]!;
    return {
      type: "scatter",
      mode: "lines+markers",
      name: escapeText(name),
      x: points.map((point) => point.x),
      y: points.map((point) => point.y),
      line: { color, dash: dashes[i % dashes.length]!, width: 2.5 },
      marker: { color, symbol: symbols[i % symbols.length]!, size: points.length > 30 ? 4 : 7 },
      hovertemplate: "%{x:,} : %{y:.3g}",
    };
  });
  const horizontal = options.xScale === "log" ? { type: "log" as const, ...ticksAt(all.map(({ x }) => x)) } : {};
  return {
    data,
    layout: baseLayout(sharedOptions(options, OWN), [], {
      xaxis: axis(options.x, horizontal),
      yaxis: axis(options.y, linear ? {} : logAxis(all.map(({ y }) => y))),
    }),
  };
}

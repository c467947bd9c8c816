import { fail } from "../check/check";
import { escapeText } from "../table/escape";
import type { Figure, Trace } from "./figure";
import { logAxis, ticksAt } from "./log-axis";
import { colors } from "./palette";
import { axis, baseLayout } from "./template";
import type { FigureOptions } from "./template";

/** How strongly a fresh adapter changes its input: |A(h) - h| / |h|. */
export interface InitialScale {
  /** The curve it belongs to, e.g. "s = 1 (paper)". */
  readonly name: string;
  readonly hiddenSize: number;
  readonly relativeOutput: number;
}

/**
 * Draws the relative output of a fresh adapter against the hidden size; both axes logarithmic.
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
      yaxis: axis("relative output |A(h) - h| / |h|", logAxis(scales.map((scale) => scale.relativeOutput))),
    }),
  };
}

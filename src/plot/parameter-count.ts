import { fail } from "../check/check";
import { escapeText } from "../table/escape";
import { formatNumber } from "../table/number";
import type { Figure, Trace } from "./figure";
import { logAxis } from "./log-axis";
import { colors } from "./palette";
import { axis, baseLayout } from "./template";
import type { FigureOptions } from "./template";

/** Trainable parameters of one adapter on one model. */
export interface ParameterCount {
  readonly model: string;
  readonly adapter: string;
  readonly parameters: number;
}

/**
 * Draws trainable parameters as bars on a logarithmic axis, grouped by model, one colour per adapter, each bar labelled with its count.
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
  const low = 10 ** Math.floor(Math.log10(Math.min(...values)) - 0.3);
  const high = 2.2 * Math.max(...values);
  return {
    data,
    layout: baseLayout(options, ["Logarithmic axis: equal heights are equal factors."], {
      barmode: "group",
      bargap: 0.3,
      xaxis: axis("", { type: "category", showgrid: false }),
      yaxis: axis("trainable parameters", logAxis([low, high])),
    }),
  };
}

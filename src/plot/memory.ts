import { fail } from "../check/check";
import { escapeText } from "../table/escape";
import type { Figure, Trace } from "./figure";
import { colors } from "./palette";
import { axis, baseLayout } from "./template";
import type { FigureOptions } from "./template";

/** What a way of training reached, and what it needed for it. */
export interface Reached {
  readonly name: string;
  /** Share of right answers, or another score where more is better. */
  readonly score: number;
  readonly peakMiB: number;
  readonly seconds: number;
}

/**
 * Draws what each way of training reached against what it needed: peak memory, or seconds. A way with no other both above and to its left is
 * on the front, which is joined. Colours follow the order given, so that a way has the same one in each figure.
 * @throws when there is none
 */
export function reachedFigure(
  reached: readonly Reached[],
  by: "peakMiB" | "seconds",
  options: FigureOptions = {},
): Figure {
  if (reached.length === 0) fail("reached", "at least one way of training", reached);
  const sorted = [...reached].sort((a, b) => a[by] - b[by] || b.score - a.score);
  const front = sorted.filter(({ score }, i) => sorted.slice(0, i).every((other) => other.score < score));
  const joined: Trace = {
    type: "scatter",
    mode: "lines",
    name: "nothing is better for less",
    x: front.map((one) => one[by]),
    y: front.map(({ score }) => score),
    line: { color: colors.grey, dash: "dot", width: 1.5 },
    hoverinfo: "skip",
  };
  const names = Object.values(colors);
  const points = reached.map((one, i): Trace => ({
    type: "scatter",
    mode: "markers",
    name: escapeText(one.name),
    x: [one[by]],
    y: [one.score],
    marker: { color: names[i % names.length]!, size: 10 },
    hovertemplate: by === "peakMiB" ? "%{x:.0f} MiB : %{y:.3f}" : "%{x:.1f} s : %{y:.3f}",
  }));
  return {
    data: [joined, ...points],
    layout: baseLayout(options, ["Each at its own best rate."], {
      height: 380,
      xaxis: axis(by === "peakMiB" ? "peak memory of a process (MiB)" : "time of its steps (s)"),
      yaxis: axis("dev accuracy"),
    }),
  };
}

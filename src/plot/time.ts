import { fail } from "../check/check";
import type { Figure, Trace } from "./figure";
import { logAxis, ticksAt } from "./log-axis";
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
 * Draws the milliseconds of the two ways to apply a tensor-train matrix, against the number of tokens; both axes logarithmic.
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
      yaxis: axis("time per application (ms)", logAxis(sorted.flatMap((t) => [t.fastForwardMs, t.reconstructionMs]))),
    }),
  };
}

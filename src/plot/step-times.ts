import { fail } from "../check/check";
import { bestWorkers, stepTime } from "../cluster/step-time";
import type { StepCosts } from "../cluster/step-time";
import type { Figure, Trace } from "./figure";
import { logAxis, ticksAt } from "./log-axis";
import { stylesFor } from "./palette";
import { axis, baseLayout } from "./template";
import type { FigureOptions } from "./template";

/** Workers from 1 to 1000, about evenly on a logarithmic axis. */
const WORKERS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 100, 200, 500, 1000];

/**
 * Draws the time of a step against workers from 1 to 1000, one curve for each number of queries, by `stepTime`; a marker stands at the fewest workers with the
 * least time: beyond it more do not pay. Both axes logarithmic.
 * For example `stepTimesFigure(costs, [1, 4, 16, 64], { title: "A step over machines" })`.
 * @throws when there is no number of queries
 */
export function stepTimesFigure(costs: StepCosts, queries: readonly number[], options: FigureOptions = {}): Figure {
  if (queries.length === 0) fail("queries", "at least one number", queries);
  const styles = stylesFor(queries.map(String));
  const curves = queries.map((count, i) => ({
    count,
    color: styles[i].color,
    dash: styles[i].dash,
    times: WORKERS.map((workers) => stepTime(costs, count, workers)),
    best: bestWorkers(costs, count, WORKERS.at(-1)!),
  }));
  const lines = curves.map(({ count, color, dash, times }): Trace => ({
    type: "scatter",
    mode: "lines",
    name: `Q = ${count}`,
    x: [...WORKERS],
    y: [...times],
    line: { color, dash, width: 2.5 },
    hovertemplate: "%{x} workers : %{y:.3g} ms",
  }));
  const marks = curves
    .filter(({ best }) => best > 0)
    .map(({ count, color, best }): Trace => ({
      type: "scatter",
      mode: "markers",
      name: `Q = ${count}: ${best}`,
      showlegend: false,
      x: [best],
      y: [stepTime(costs, count, best)],
      marker: { color, size: 10 },
      hovertemplate: "%{x} workers, the fewest with the least time : %{y:.3g} ms",
    }));
  return {
    data: [...lines, ...marks],
    layout: baseLayout(options, [], {
      xaxis: axis("workers", { type: "log", ...ticksAt([1, 10, 100, 1000]) }),
      yaxis: axis("time of a step (ms)", logAxis(curves.flatMap(({ times }) => times))),
    }),
  };
}

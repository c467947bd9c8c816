import { fail, positiveInteger } from "../check/check";
import { escapeText } from "../table/escape";
import type { Figure, Trace } from "./figure";
import { stylesFor } from "./palette";
import type { Style } from "./palette";
import { axis, baseLayout, leftHalf, rightHalf } from "./template";
import type { FigureOptions } from "./template";

/** A schedule already evaluated: Q of every epoch or of every step, in order. */
export interface ScheduleCurve {
  /** The arm's name gives the colour. */
  readonly name: string;
  readonly queries: readonly number[];
}

export interface ScheduleOptions extends FigureOptions {
  /** What one entry of `queries` lasts. */
  readonly per: "step" | "epoch";
  /** Steps in one entry: 1 per step; per epoch the number of batches. */
  readonly stepsPerEntry?: number;
  /** 2 for the two-sided estimate; for directional derivatives use `fixedPasses` 1 and `passesPerQuery` 1. */
  readonly passesPerQuery?: number;
  /** Forward passes of a step besides its queries. */
  readonly fixedPasses?: number;
}

/**
 * Queries of every step or epoch (left) and the cumulative forward passes they cost (right), F_k = sum_j n (f + c Q_j) with n steps per
 * entry, c passes per query, f fixed passes.
 * @example scheduleFigure([{ name: "AdaZeta", queries: [1, 2] }], { per: "epoch", stepsPerEntry: 16 }).data[1].y // [0, 32, 96]
 * @throws when there is no schedule, or a number of queries is not a positive integer
 */
export function scheduleFigure(schedules: readonly ScheduleCurve[], options: ScheduleOptions): Figure {
  if (schedules.length === 0) fail("schedules", "at least one schedule", schedules);
  const { per, stepsPerEntry = 1, passesPerQuery = 2, fixedPasses = 0 } = options;
  for (const { name, queries } of schedules) {
    if (queries.length === 0) fail(`schedule ${name}`, `queries of at least one ${per}`, queries);
    queries.forEach((count, i) => positiveInteger(`queries[${i}] of ${name}`, count));
  }
  const styles = stylesFor(schedules.map(({ name }) => name));
  const data = schedules.flatMap((schedule, i) => [
    queriesTrace(schedule, styles[i]!, per),
    passesTrace(schedule, styles[i]!, (queries) => stepsPerEntry * (fixedPasses + passesPerQuery * queries)),
  ]);
  const most = Math.max(...schedules.flatMap(({ queries }) => queries));
  const longest = Math.max(...schedules.map(({ queries }) => queries.length));
  const range = [-0.015 * longest, 1.02 * longest];
  return {
    data,
    layout: baseLayout(options, [], {
      xaxis: axis(per, { domain: leftHalf, range }),
      xaxis2: axis(per, { domain: rightHalf, anchor: "y2", range }),
      yaxis: axis("queries per step", { range: [0, 1.08 * most], ...(most <= 10 ? { dtick: 1 } : {}) }),
      yaxis2: axis("cumulative forward passes", { anchor: "x2", rangemode: "tozero" }),
    }),
  };
}

/** A staircase: entry k holds on [k, k + 1). */
function queriesTrace({ name, queries }: ScheduleCurve, style: Style, per: string): Trace {
  return {
    ...base(name, style),
    x: [...queries.keys(), queries.length],
    y: [...queries, queries.at(-1)!],
    line: { color: style.color, dash: style.dash, width: 2.5, shape: "hv" },
    hovertemplate: `${per} %{x} : %{y} queries`,
  };
}

function passesTrace({ name, queries }: ScheduleCurve, style: Style, cost: (queries: number) => number): Trace {
  const total = [0];
  for (const count of queries) total.push(total.at(-1)! + cost(count));
  return {
    ...base(name, style),
    showlegend: false,
    x: [...total.keys()],
    y: total,
    xaxis: "x2",
    yaxis: "y2",
    line: { color: style.color, dash: style.dash, width: 2.5 },
    hovertemplate: "%{x} : %{y:,} forward passes",
  };
}

function base(name: string, style: Style): Trace {
  const label = escapeText(name);
  return { type: "scatter", mode: "lines", name: label, legendgroup: label, marker: { color: style.color } };
}

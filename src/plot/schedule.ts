import { fail, positiveInteger } from "../check/check";
import { namesOf } from "../check/known-options";
import { passesOverSteps, queriesBySteps, TWO_SIDED } from "../schedule/forward-passes";
import type { PassCost } from "../schedule/forward-passes";
import { scheduleOf } from "../schedule/schedule";
import type { Schedule } from "../schedule/schedule";
import { escapeText } from "../table/escape";
import type { Figure, Trace } from "./figure";
import { stylesFor } from "./palette";
import type { Style } from "./palette";
import { axis, baseLayout, leftHalf, rightHalf, thirds, sharedOptions } from "./template";
import type { FigureOptions } from "./template";

export interface NamedSchedule {
  readonly name: string;
  /** The arm that gives the colour, by its id; default: the name. */
  readonly arm?: string;
  /** Queries of a step; a number is constant. */
  readonly queries: Schedule | number;
}

export interface ScheduleOptions extends FigureOptions {
  readonly steps: number;
  readonly stepsPerEpoch: number;
  /** What the horizontal axis counts, "epoch" when absent. */
  readonly per?: "step" | "epoch";
  /** What a step costs, for example `passesOf(method)`; default two losses a query. */
  readonly passes?: PassCost;
  /** d: a third panel shows the estimator's second moment, which more queries make smaller. */
  readonly parameters?: number;
}

const OWN = namesOf<Omit<ScheduleOptions, keyof FigureOptions>>({
  steps: true,
  stepsPerEpoch: true,
  per: true,
  passes: true,
  parameters: true,
});

/**
 * Draws queries per step (left) and the cumulative forward passes they cost (right), F_k = sum_{j<k} c(Q_j), with c(Q) = 2 Q two-sided and 1 + Q directional;
 * with `parameters` also E|g|^2 / |grad|^2 = (d + Q + 1) / Q of a Gaussian estimate, the excess over 1 being its variance.
 * @example scheduleFigure([{ name: "MeZO", queries: 1 }], { steps: 32, stepsPerEpoch: 16 }).data[1].y // [0, 64]
 * @throws when there is no schedule, or steps are not positive integers
 */
export function scheduleFigure(schedules: readonly NamedSchedule[], options: ScheduleOptions): Figure {
  if (schedules.length === 0) fail("schedules", "at least one schedule", schedules);
  const { per = "epoch", passes = TWO_SIDED, stepsPerEpoch } = options;
  const steps = positiveInteger("steps", options.steps);
  const unit = per === "epoch" ? positiveInteger("stepsPerEpoch", stepsPerEpoch) : 1;
  const styles = stylesFor(schedules.map(({ name, arm = name }) => arm));
  const stairs = schedules.map(({ queries }) => stairsOf(queriesBySteps(scheduleOf(queries), steps, stepsPerEpoch)));
  const data = schedules.flatMap(({ name }, i) => [
    queriesTrace(base(name, styles[i]!), stairs[i]!, unit, per),
    passesTrace(base(name, styles[i]!), stairs[i]!, unit, passes),
  ]);
  const { parameters } = options;
  if (parameters !== undefined) {
    positiveInteger("parameters", parameters);
    schedules.forEach(({ name }, i) =>
      data.push(momentTrace(base(name, styles[i]!), stairs[i]!, unit, per, parameters)),
    );
  }
  const [left, right] = parameters === undefined ? [leftHalf, rightHalf] : thirds;
  const most = Math.max(...stairs.flat().map((stair) => stair.queries));
  const range = [(-0.015 * steps) / unit, (1.02 * steps) / unit];
  return {
    data,
    layout: baseLayout(sharedOptions(options, OWN), [], {
      xaxis: axis(per, { domain: left, range }),
      xaxis2: axis(per, { domain: right, anchor: "y2", range }),
      yaxis: axis("queries per step", { range: [0, 1.08 * most], ...(most <= 10 ? { dtick: 1 } : {}) }),
      yaxis2: axis("cumulative forward passes", { anchor: "x2", rangemode: "tozero" }),
      ...(parameters === undefined
        ? {}
        : {
            xaxis3: axis(per, { domain: thirds[2], anchor: "y3", range }),
            yaxis3: axis("E|g|² / |grad|²", { anchor: "x3", type: "log", exponentformat: "power" }),
          }),
    }),
  };
}

/** Steps from `from` up to but not including `to` with the same number of queries. */
interface Stair {
  readonly from: number;
  readonly to: number;
  readonly queries: number;
}

function stairsOf(queries: readonly number[]): readonly Stair[] {
  const changes = queries.flatMap((count, step) => (step === 0 || count !== queries[step - 1] ? [step] : []));
  return changes.map((from, i) => ({ from, to: changes[i + 1] ?? queries.length, queries: queries[from]! }));
}

function queriesTrace(trace: Trace, stairs: readonly Stair[], unit: number, per: string): Trace {
  return {
    ...trace,
    x: [...stairs.map((stair) => stair.from / unit), stairs.at(-1)!.to / unit],
    y: [...stairs.map((stair) => stair.queries), stairs.at(-1)!.queries],
    line: { ...trace.line, shape: "hv" },
    hovertemplate: `from ${per} %{x} : %{y} queries`,
  };
}

function momentTrace(trace: Trace, stairs: readonly Stair[], unit: number, per: string, parameters: number): Trace {
  const moments = stairs.map(({ queries }) => (parameters + queries + 1) / queries);
  return {
    ...trace,
    showlegend: false,
    x: [...stairs.map((stair) => stair.from / unit), stairs.at(-1)!.to / unit],
    y: [...moments, moments.at(-1)!],
    xaxis: "x3",
    yaxis: "y3",
    line: { ...trace.line, shape: "hv" },
    hovertemplate: `from ${per} %{x} : %{y:.3s}`,
  };
}

function passesTrace(trace: Trace, stairs: readonly Stair[], unit: number, passes: PassCost): Trace {
  const total = [0];
  for (const { from, to, queries } of stairs) total.push(total.at(-1)! + passesOverSteps(passes, queries, from, to));
  return {
    ...trace,
    showlegend: false,
    x: [0, ...stairs.map((stair) => stair.to / unit)],
    y: total,
    xaxis: "x2",
    yaxis: "y2",
    hovertemplate: "%{x} : %{y:,} forward passes",
  };
}

function base(name: string, style: Style): Trace {
  const label = escapeText(name);
  const line = { color: style.color, dash: style.dash, width: 2.5 };
  return { type: "scatter", mode: "lines", name: label, legendgroup: label, line };
}

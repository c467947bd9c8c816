import { namesOf } from "../check/known-options";
import { escapeText } from "../table/escape";
import { groupRuns } from "../table/record";
import type { RunGroup, RunRecord } from "../table/record";
import { divergencePoint, groupLabel, lossCurve, severalRates } from "./curve";
import type { HorizontalAxis, Point } from "./curve";
import type { Figure, Trace } from "./figure";
import { countRange, crossTrace } from "./loss";
import { chanceLines, chanceOf, countTitle, crossCeiling, lossRange } from "./loss-axis";
import { splitMean } from "./mean-curve";
import type { Band, MeanPoint } from "./mean-curve";
import { stylesFor, translucent } from "./palette";
import type { Style } from "./palette";
import { axis, baseLayout, leftHalf, rightHalf, sharedOptions } from "./template";
import type { FigureOptions } from "./template";

export interface SpreadOptions extends FigureOptions {
  /** "both" draws two panels side by side. */
  readonly x: HorizontalAxis | "both";
  /** "range" when absent. */
  readonly band?: Band;
}

const OWN = namesOf<Omit<SpreadOptions, keyof FigureOptions>>({ x: true, band: true });

/**
 * Over the seeds of each arm and learning rate: mean dev loss (thick line) and its spread (band) as long as all seeds run. Once the first has
 * ended, by divergence above all, those still running go on as thin lines, one per seed, and the figure says so (see `splitMean`).
 * @throws when there are no runs
 */
export function meanAndSpread(runs: readonly RunRecord[], options: SpreadOptions): Figure {
  const groups = groupRuns(runs);
  const { x, band = "range" } = options;
  const panels = x === "both" ? (["steps", "forward passes"] as const) : [x];
  const range = lossRange(runs, runs.map((run) => lossCurve(run, "steps"))); // prettier-ignore
  const ends = panels.map((against) => countRange(runs.map((run) => lossCurve(run, against)), undefined)); // prettier-ignore
  const [first, second] = panels;
  return {
    data: panels.flatMap((against, i) =>
      spreadPanel(groups, against, band, i === 0 ? "" : "2", severalRates(runs), crossCeiling(range)),
    ),
    layout: baseLayout(sharedOptions(options, OWN), [spreadRemark(groups, band)], {
      xaxis: axis(countTitle(first!), { range: ends[0]!, ...(second === undefined ? {} : { domain: leftHalf }) }),
      yaxis: axis("dev loss (nats)", { range }),
      ...(second === undefined
        ? {}
        : {
            xaxis2: axis(countTitle(second), { range: ends[1]!, domain: rightHalf, anchor: "y2" }),
            yaxis2: axis("", { range, anchor: "x2", matches: "y" }),
          }),
      ...chanceLines(
        chanceOf(runs),
        panels.map((_, i) => (i === 0 ? "" : "2")),
        range,
      ),
    }),
  };
}

/** Bands lie lowest, then lines, then crosses. */
function spreadPanel(
  groups: readonly RunGroup[],
  against: HorizontalAxis,
  band: Band,
  panel: "" | "2",
  rates: boolean,
  ceiling: number,
): readonly Trace[] {
  const styles = stylesFor(groups.map((group) => group.arm));
  const drawn = groups.map((group, i) => {
    const style = styles[i]!;
    const label = groupLabel(group.arm, group.learningRate, rates);
    const split = splitMean(group.runs.map((run) => lossCurve(run, against)), band); // prettier-ignore
    const crosses = group.runs.map((run) => divergencePoint(run, against)).filter((p): p is Point => p !== null);
    const base: Trace = { ...shared(label, panel), mode: "lines" };
    return {
      bands: split.together.some((point) => point.seeds > 1) ? [bandTrace(base, split.together, style)] : [],
      lines: [
        ...split.alone.map((curve) => aloneTrace(base, curve, style)),
        meanTrace(base, split.together, `${escapeText(label)} (${seedsText(group)})`, panel === "", style),
      ],
      crosses: crosses.length === 0 ? [] : [crossTrace(crosses, label, style, panel, ceiling)],
    };
  });
  return [...drawn.flatMap((x) => x.bands), ...drawn.flatMap((x) => x.lines), ...drawn.flatMap((x) => x.crosses)];
}

/** The band as one closed outline. */
function bandTrace(base: Trace, points: readonly MeanPoint[], style: Style): Trace {
  const back = [...points].reverse();
  return {
    ...base,
    showlegend: false,
    x: [...points, ...back].map((point) => point.x),
    y: [...points.map((point) => point.high), ...back.map((point) => point.low)],
    fill: "toself",
    fillcolor: translucent(style.color, 0.16),
    line: { color: "rgba(0, 0, 0, 0)", width: 0 },
    hoverinfo: "skip",
  };
}

function meanTrace(base: Trace, points: readonly MeanPoint[], name: string, showlegend: boolean, style: Style): Trace {
  return {
    ...base,
    name,
    showlegend,
    x: points.map((point) => point.x),
    y: points.map((point) => point.mean),
    text: points.map((point) => `${point.seeds} ${point.seeds === 1 ? "seed" : "seeds"}`),
    line: { color: style.color, dash: style.dash, width: 3 },
    hovertemplate: "%{x:,} : mean %{y:.3f} over %{text}",
  };
}

/** Dashes stay with the mean: short thin curves would lose their shape in them. */
function aloneTrace(base: Trace, curve: readonly Point[], style: Style): Trace {
  return {
    ...base,
    showlegend: false,
    x: curve.map((point) => point.x),
    y: curve.map((point) => point.y),
    line: { color: style.color, width: 1 },
    hovertemplate: "%{x:,} : one seed, %{y:.3f}",
  };
}

function shared(label: string, panel: "" | "2"): Trace {
  const name = escapeText(label);
  return { type: "scatter", name, legendgroup: name, xaxis: `x${panel}`, yaxis: `y${panel}` };
}

/** Counts the seeds of a group and those that diverged: "5 seeds, 4 diverged". */
function seedsText({ runs }: RunGroup): string {
  const diverged = runs.filter((run) => run.diverged !== null).length;
  return `${runs.length} ${runs.length === 1 ? "seed" : "seeds"}${diverged === 0 ? "" : `, ${diverged} diverged`}`;
}

function spreadRemark(groups: readonly RunGroup[], band: Band): string {
  const uneven = groups.some(({ runs }) => new Set(runs.map((run) => lossCurve(run, "steps").at(-1)?.x)).size > 1);
  return [
    `Line: mean over seeds; band: ${band === "range" ? "lowest to highest" : "\u00b1 one standard deviation"}.`,
    ...(uneven ? ["Thin: seeds running on after the first of their arm ended."] : []),
    ...(groups.some(({ runs }) => runs.some((run) => run.diverged !== null)) ? ["\u2716 diverged."] : []),
  ].join(" ");
}

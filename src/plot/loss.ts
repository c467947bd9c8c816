import { namesOf } from "../check/known-options";
import { escapeText } from "../table/escape";
import { formatNumber } from "../table/number";
import { someRuns } from "../table/record";
import type { RunRecord } from "../table/record";
import { divergencePoint, finitePoints, groupLabel, lossCurve, severalRates } from "./curve";
import type { HorizontalAxis, Point } from "./curve";
import type { Figure, Trace } from "./figure";
import { chanceLines, chanceOf, countTitle, crossCeiling, lossRange } from "./loss-axis";
import { stylesFor } from "./palette";
import type { Style } from "./palette";
import { axis, baseLayout, leftHalf, rightHalf, sharedOptions } from "./template";
import type { FigureOptions } from "./template";

export interface LossOptions extends FigureOptions {
  readonly x: HorizontalAxis;
  /** Right end of the axis while runs are still going on, so that a live figure does not jump. */
  readonly until?: number;
}

const OWN = namesOf<Omit<LossOptions, keyof FigureOptions>>({ x: true, until: true });

/**
 * Gives the dev loss of every run against steps or forward passes; a cross marks divergence. Runs may be partial or not yet evaluated: the
 * live figure is the same function called again.
 * @throws when there are no runs
 */
export function lossFigure(runs: readonly RunRecord[], options: LossOptions): Figure {
  someRuns(runs);
  const panel = lossPanel(runs, options.x, "");
  const range = lossRange(runs, panel.curves);
  return {
    data: panel.traces,
    layout: baseLayout(sharedOptions(options, OWN), remarks(runs), {
      xaxis: axis(countTitle(options.x), { range: countRange(panel.curves, options.until) }),
      yaxis: axis("dev loss (nats)", { range }),
      ...chanceLines(chanceOf(runs), [""], range),
    }),
  };
}

export interface BothOptions extends FigureOptions {
  readonly until?: { readonly steps: number; readonly forwardPasses: number };
}

const OWN_OF_BOTH = namesOf<Omit<BothOptions, keyof FigureOptions>>({ until: true });

/**
 * Draws the dev losses twice, side by side: left against steps, as the paper draws them, right against forward passes, the fair comparison.
 * @throws when there are no runs
 */
export function lossByStepsAndPasses(runs: readonly RunRecord[], options: BothOptions = {}): Figure {
  someRuns(runs);
  const left = lossPanel(runs, "steps", "");
  const right = lossPanel(runs, "forward passes", "2");
  const range = lossRange(runs, left.curves);
  return {
    data: [...left.traces, ...right.traces],
    layout: baseLayout(sharedOptions(options, OWN_OF_BOTH), remarks(runs), {
      xaxis: axis(countTitle("steps"), { domain: leftHalf, range: countRange(left.curves, options.until?.steps) }),
      xaxis2: axis(countTitle("forward passes"), {
        domain: rightHalf,
        anchor: "y2",
        range: countRange(right.curves, options.until?.forwardPasses),
      }),
      yaxis: axis("dev loss (nats)", { range }),
      yaxis2: axis("", { range, anchor: "x2", matches: "y" }),
      ...chanceLines(chanceOf(runs), ["", "2"], range),
    }),
  };
}

/** The curves of one panel, and what is drawn of them. */
interface Panel {
  readonly traces: readonly Trace[];
  readonly curves: readonly (readonly Point[])[];
}

/** Gives the dev losses of runs as one panel: a curve each, dotted a second task's, and crosses where runs diverged. */
export function lossPanel(runs: readonly RunRecord[], against: HorizontalAxis, panel: "" | "2"): Panel {
  const styles = stylesFor(runs.map((run) => run.arm));
  const labels = runLabels(runs);
  const curves = runs.map((run) => lossCurve(run, against));
  const lines = runs.map((_, i) => curveTrace(curves[i]!, labels[i]!, styles[i]!, panel));
  const drifts = runs.map((run) => finitePoints(run.evaluations, against, ({ driftLoss }) => driftLoss ?? null));
  const dotted = runs.flatMap((run, i) =>
    drifts[i]!.length === 0 ? [] : [driftTrace(drifts[i]!, driftLabel(run, labels[i]!), labels[i]!, styles[i]!, panel)],
  );
  const ceiling = crossCeiling(lossRange(runs, curves));
  const crosses = runs.flatMap((run, i) => {
    const point = divergencePoint(run, against);
    return point === null ? [] : [crossTrace([point], labels[i]!, styles[i]!, panel, ceiling)];
  });
  return { traces: [...lines, ...dotted, ...crosses], curves: [...curves, ...drifts] };
}

/** What the curve of the second task is called, which is not trained on. */
function driftLabel({ settings }: RunRecord, label: string): string {
  return `${label}: ${String(settings?.["drift.task"] ?? "a second task")}, not trained on`;
}

/** The second task's curve, dotted in the colour of its run; it has an entry of its own in the legend. */
function driftTrace(curve: readonly Point[], label: string, group: string, style: Style, panel: "" | "2"): Trace {
  const line = curveTrace(curve, label, { ...style, dash: "dot" }, panel);
  return { ...line, legendgroup: escapeText(group) };
}

/** Gives a curve in the looks of its run; the legend has the first panel's. */
export function curveTrace(curve: readonly Point[], label: string, style: Style, panel: "" | "2"): Trace {
  return {
    type: "scatter",
    mode: curve.length > 25 ? "lines" : "lines+markers",
    name: escapeText(label),
    legendgroup: escapeText(label),
    showlegend: panel === "",
    x: curve.map((point) => point.x),
    y: curve.map((point) => point.y),
    xaxis: `x${panel}`,
    yaxis: `y${panel}`,
    line: { color: style.color, dash: style.dash, width: 2 },
    marker: { color: style.color, size: 5 },
    hovertemplate: "%{x:,} : %{y:.3f}",
  };
}

/** Gives crosses where runs diverged, those above `ceiling` at it, with their true loss on hovering; they belong to their curve's legend entry. */
export function crossTrace(
  points: readonly Point[],
  label: string,
  style: Style,
  panel: "" | "2",
  ceiling = Infinity,
): Trace {
  return {
    type: "scatter",
    mode: "markers",
    name: `${escapeText(label)}: diverged`,
    legendgroup: escapeText(label),
    showlegend: false,
    x: points.map((point) => point.x),
    y: points.map((point) => Math.min(point.y, ceiling)),
    text: points.map((point) => formatNumber(point.y)),
    xaxis: `x${panel}`,
    yaxis: `y${panel}`,
    marker: { symbol: "x", size: 11, color: style.color, line: { color: "#ffffff", width: 1 } },
    hovertemplate: "diverged at %{x:,} : %{text}",
  };
}

/** Gives each run's name in the legend; learning rate and seed only where they are needed to tell runs apart. */
export function runLabels(runs: readonly RunRecord[]): readonly string[] {
  const rates = severalRates(runs);
  const labels = runs.map((run) => run.name ?? groupLabel(run.arm, run.learningRate, rates));
  return labels.map((label, i) =>
    labels.filter((other) => other === label).length > 1 ? `${label}, seed ${runs[i]!.seed}` : label,
  );
}

export function remarks(runs: readonly RunRecord[]): readonly string[] {
  return runs.some((run) => run.diverged !== null) ? ["\u2716 marks the step at which a run diverged."] : [];
}

/** From zero to the last point, or to the planned end while it has not been reached. */
export function countRange(curves: readonly (readonly Point[])[], until: number | undefined): [number, number] {
  const end = Math.max(until ?? 0, ...curves.map((curve) => curve.at(-1)?.x ?? 0));
  return end === 0 ? [0, 1] : [-0.015 * end, 1.02 * end];
}

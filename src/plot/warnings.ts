import { namesOf } from "../check/known-options";
import { escapeText } from "../table/escape";
import { someRuns } from "../table/record";
import type { RunRecord } from "../table/record";
import type { StepNumbers } from "../train/run-history";
import { finitePoints, valueAt } from "./curve";
import type { HorizontalAxis, Point } from "./curve";
import type { Figure, Trace } from "./figure";
import { crossTrace, countRange, remarks, runLabels } from "./loss";
import { logAxis } from "./log-axis";
import { countTitle } from "./loss-axis";
import { stylesFor } from "./palette";
import type { Style } from "./palette";
import { axis, baseLayout, leftHalf, rightHalf, sharedOptions } from "./template";
import type { FigureOptions } from "./template";

export interface WarningsOptions extends FigureOptions {
  /** "steps" when absent. */
  readonly x?: HorizontalAxis;
  /** Means over windows of this many steps make the noisy projected gradient readable; 1 draws every step. 10 when absent. */
  readonly window?: number;
}

const OWN = namesOf<Omit<WarningsOptions, keyof FigureOptions>>({ x: true, window: true });

/**
 * Gives the two early warnings on logarithmic axes: the norm of the trainable parameters (left) and the root mean square projected gradient
 * (right; the root of the mean square over each window of steps). Crosses mark divergence.
 * @throws when there are no runs
 */
export function warningsFigure(runs: readonly RunRecord[], options: WarningsOptions = {}): Figure {
  someRuns(runs);
  const { x: against = "steps", window = 10 } = options;
  const styles = stylesFor(runs.map((run) => run.arm));
  const labels = runLabels(runs);
  const panels = [
    runs.map((run) => positive(finitePoints(run.steps, against, (step) => step.weightNorm))),
    runs.map((run) => positive(rootMeanSquares(run.steps, against, window))),
  ];
  const data = panels.flatMap((curves, p) => [
    ...curves.map((curve, i) => line(curve, labels[i]!, styles[i]!, p === 0 ? "" : "2")),
    ...curves.flatMap((curve, i) => cross(runs[i]!, curve, against, labels[i]!, styles[i]!, p === 0 ? "" : "2")),
  ]);
  const range = countRange(panels.flat(), undefined);
  const smoothing = window === 1 ? [] : [`Right: over windows of ${window} steps.`];
  return {
    data,
    layout: baseLayout(sharedOptions(options, OWN), [[...smoothing, ...remarks(runs)].join(" ")], {
      xaxis: axis(countTitle(against), { domain: leftHalf, range }),
      xaxis2: axis(countTitle(against), { domain: rightHalf, anchor: "y2", range }),
      yaxis: axis("norm of the trainable parameters", logAxis(valuesOf(panels[0]!))),
      yaxis2: axis("rms projected gradient (nats)", { ...logAxis(valuesOf(panels[1]!)), anchor: "x2" }),
    }),
  };
}

/**
 * Gives one point per window of steps, at its last step: sqrt(mean of squares).
 * For example `windows of 2 over 3, 4, 6: sqrt((9 + 16) / 2) = 3.54 and, from the last window of one step, 6`.
 */
export function rootMeanSquares(
  steps: readonly StepNumbers[],
  against: HorizontalAxis,
  window: number,
): readonly Point[] {
  const all = finitePoints(steps, against, (step) => step.rmsProjectedGradient);
  const points: Point[] = [];
  for (let start = 0; start < all.length; start += window) {
    const part = all.slice(start, start + window);
    const meanSquare = part.reduce((sum, point) => sum + point.y * point.y, 0) / part.length;
    points.push({ x: part.at(-1)!.x, y: Math.sqrt(meanSquare) });
  }
  return points;
}

function valuesOf(curves: readonly (readonly Point[])[]): readonly number[] {
  return curves.flat().map((point) => point.y);
}

/** A logarithmic axis has no place for zero: such points (a collapsed run) are left out. */
function positive(points: readonly Point[]): readonly Point[] {
  return points.filter((point) => point.y > 0);
}

function line(curve: readonly Point[], label: string, style: Style, panel: "" | "2"): Trace {
  return {
    type: "scatter",
    mode: "lines",
    name: escapeText(label),
    legendgroup: escapeText(label),
    showlegend: panel === "",
    x: curve.map((point) => point.x),
    y: curve.map((point) => point.y),
    xaxis: `x${panel}`,
    yaxis: `y${panel}`,
    line: { color: style.color, dash: style.dash, width: 2 },
    hovertemplate: "%{x:,} : %{y:.3g}",
  };
}

function cross(
  run: RunRecord,
  curve: readonly Point[],
  against: HorizontalAxis,
  label: string,
  style: Style,
  panel: "" | "2",
): readonly Trace[] {
  if (run.diverged === null || curve.length === 0) return [];
  const at = run.diverged.step;
  const step = run.steps.find((record) => record.step >= at);
  const wanted = against === "steps" ? at : (step?.forwardPasses ?? curve.at(-1)!.x);
  const x = Math.max(curve[0]!.x, Math.min(wanted, curve.at(-1)!.x));
  return [crossTrace([{ x, y: valueAt(curve, x)! }], label, style, panel)];
}

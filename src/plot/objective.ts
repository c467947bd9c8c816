import { escapeText } from "../table/escape";
import { LOSS, someRuns, trainedFor } from "../table/record";
import type { RunRecord } from "../table/record";
import { finitePoints } from "./curve";
import type { Figure } from "./figure";
import { countRange, curveTrace, lossByStepsAndPasses, lossPanel, remarks, runLabels } from "./loss";
import { chanceLines, chanceOf, countTitle, lossRange } from "./loss-axis";
import { stylesFor } from "./palette";
import { axis, baseLayout, leftHalf, rightHalf } from "./template";
import type { FigureOptions } from "./template";

/**
 * Draws runs by what they are trained for: by their dev losses (`lossByStepsAndPasses`), or, where one is trained for another objective, left the objective on
 * dev, of which more is better, and right the loss, both against forward passes. Runs may be partial: a live figure is the same function called again.
 * For example `objectiveFigure(keptRuns({ arm: "mine" }))`.
 * @throws when there are no runs
 */
export function objectiveFigure(runs: readonly RunRecord[], options: FigureOptions = {}): Figure {
  someRuns(runs);
  const title = objectiveTitle(runs);
  if (title === null) return lossByStepsAndPasses(runs, options);
  const against = "forward passes";
  const [styles, labels] = [stylesFor(runs.map(({ arm }) => arm)), runLabels(runs)];
  const loss = lossPanel(runs, against, "");
  const curves = runs.map(({ evaluations }) =>
    finitePoints(evaluations, against, ({ objective }) => objective ?? null),
  );
  const range = lossRange(runs, loss.curves);
  return {
    data: [...loss.traces, ...curves.map((curve, i) => curveTrace(curve, labels[i]!, styles[i]!, "2"))],
    layout: baseLayout(options, remarks(runs), {
      // The second axes are the left ones: the legend is the loss panel's, which has the second task's curves too.
      xaxis: axis(countTitle(against), { domain: rightHalf, range: countRange(loss.curves, undefined) }),
      xaxis2: axis(countTitle(against), { domain: leftHalf, anchor: "y2", range: countRange(curves, undefined) }),
      yaxis: axis("dev loss (nats)", { range }),
      yaxis2: axis(title, { anchor: "x2" }),
      ...chanceLines(chanceOf(runs), [""], range),
    }),
  };
}

/** Says what the objective of runs is, a metric or a reward by its name; null where none has one. */
function objectiveTitle(runs: readonly RunRecord[]): string | null {
  const [title, ...more] = new Set(runs.map(trainedFor).filter((objective) => objective !== LOSS));
  return title === undefined ? null : more.length > 0 ? "dev objective" : `dev ${escapeText(title)}`;
}

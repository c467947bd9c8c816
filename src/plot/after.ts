import { fail } from "../check/check";
import type { AfterCurve } from "../table/after";
import { escapeText } from "../table/escape";
import type { Figure, Trace } from "./figure";
import { colors } from "./palette";
import { axis, baseLayout } from "./template";
import type { FigureOptions } from "./template";

/**
 * Draws what each arm came to on another task against what it came to on its own, a line along the share of its change: all begin at the frozen model,
 * where the share is 0, and end at the tuned one.
 * @param titleOf what is shown for an arm
 * @throws when there is no curve, or one was not scored on both tasks
 */
export function afterFigure(
  curves: readonly AfterCurve[],
  tasks: { readonly own: string; readonly other: string },
  titleOf: (arm: string) => string,
  options: FigureOptions = {},
): Figure {
  if (curves.length === 0) fail("curves", "at least one arm's", curves);
  const shades = Object.values(colors);
  const symbols = ["circle", "square", "diamond", "triangle-up", "x", "star"] as const;
  const data = curves.map(({ arm, points }, i): Trace => {
    const of = (task: string) => points.filter((point) => point.task === task);
    const [own, other] = [of(tasks.own), of(tasks.other)];
    if (own.length === 0 || own.length !== other.length)
      fail(`curve of ${arm}`, `scores on ${tasks.own} and ${tasks.other}`, [own.length, other.length]);
    const color = shades[i % shades.length]!;
    return {
      type: "scatter",
      mode: "lines+markers",
      name: escapeText(titleOf(arm)),
      x: own.map(({ accuracy }) => accuracy),
      y: other.map(({ accuracy }) => accuracy),
      text: own.map(({ share }) => `share ${share}`),
      line: { color, width: 2 },
      marker: { color, symbol: symbols[i % symbols.length]!, size: own.map(({ share }) => 6 + 4 * share) },
      hovertemplate: "%{text}: %{x:.3f}, %{y:.3f}",
    };
  });
  return {
    data,
    layout: baseLayout(options, ["Marks grow with the share of the change."], {
      xaxis: axis(`accuracy on ${tasks.own}, tuned on`),
      yaxis: axis(`accuracy on ${tasks.other}`),
    }),
  };
}

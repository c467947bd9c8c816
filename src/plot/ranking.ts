import { fail } from "../check/check";
import { namesOf } from "../check/known-options";
import { armTitle, isArm } from "../experiment/arms";
import { escapeText } from "../table/escape";
import type { RankedMethod } from "../table/ranking";
import type { Figure, Trace } from "./figure";
import { colors } from "./palette";
import { axis, baseLayout, sharedOptions } from "./template";
import type { FigureOptions } from "./template";

export interface RankingOptions extends FigureOptions {
  /** The arm whose mean is drawn through all lines, by its id or its name in records. */
  readonly reference?: string;
}

const OWN = namesOf<Omit<RankingOptions, keyof FigureOptions>>({ reference: true });

const LINE_HEIGHT = 17;

/**
 * Draws a ranking from the top down: each method's mean of lowest dev losses (large) and its seeds (small). Those that cannot be told apart from the
 * lowest, by the 95 % interval of paired differences, have a colour of their own.
 * @throws when nothing is ranked
 */
export function rankingFigure(ranked: readonly RankedMethod[], options: RankingOptions = {}): Figure {
  if (ranked.length === 0) fail("ranked", "at least one method", ranked);
  const last = ranked.length - 1;
  const place = (method: RankedMethod): number => last - ranked.indexOf(method);
  const kinds = [
    { name: "the lowest, and what cannot be told apart from it", color: colors.blue, holds: isWithLowest },
    { name: "higher", color: colors.grey, holds: (method: RankedMethod) => !isWithLowest(method) },
  ];
  const seeds = ranked.flatMap((method) => [...method.losses.values()].map((loss) => ({ loss, at: place(method) })));
  const single: Trace = {
    type: "scatter",
    mode: "markers",
    name: "one seed",
    x: seeds.map(({ loss }) => loss),
    y: seeds.map(({ at }) => at),
    marker: { color: colors.orange, size: 4 },
    hovertemplate: "%{x:.3f}",
  };
  const means = kinds.flatMap(({ name, color, holds }): readonly Trace[] => {
    const own = ranked.filter(holds);
    if (own.length === 0) return [];
    return [
      {
        type: "scatter",
        mode: "markers",
        name,
        x: own.map(({ loss }) => loss.mean),
        y: own.map(place),
        text: own.map(({ arm }) => escapeText(armTitle(arm))),
        marker: { color, size: 9 },
        hovertemplate: "%{text} : %{x:.3f}",
      },
    ];
  });
  const { reference } = options;
  const through = reference === undefined ? undefined : ranked.find(({ arm }) => isArm(arm, reference));
  const line: readonly Trace[] = through
    ? [
        {
          type: "scatter",
          mode: "lines",
          name: escapeText(armTitle(through.arm)),
          x: [through.loss.mean, through.loss.mean],
          y: [-0.5, last + 0.5],
          line: { color: colors.vermillion, dash: "dash", width: 1.5 },
          hoverinfo: "skip",
        },
      ]
    : [];
  const names = ranked.map(({ arm }) => escapeText(armTitle(arm)));
  return {
    data: [...line, single, ...means],
    layout: baseLayout(sharedOptions(options, OWN), ["Each method at its own best rate."], {
      height: 190 + LINE_HEIGHT * ranked.length,
      xaxis: axis("lowest dev loss (nats)"),
      yaxis: axis("", {
        range: [-0.7, last + 0.7],
        tickmode: "array",
        tickvals: ranked.map(place),
        ticktext: names,
        showgrid: false,
      }),
    }),
  };
}

function isWithLowest({ toLowest }: RankedMethod): boolean {
  return toLowest === null || toLowest.together;
}

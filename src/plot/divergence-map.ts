import { armTitle } from "../experiment/arms";
import { escapeText } from "../table/escape";
import { formatRate } from "../table/number";
import { groupRuns } from "../table/record";
import type { RunRecord } from "../table/record";
import type { Figure, Note } from "./figure";
import { axis, baseLayout } from "./template";
import type { FigureOptions } from "./template";

/**
 * Draws the share of diverged seeds over learning rate (columns, ascending) and arm (rows, in order of first appearance from the top); each cell
 * says its counts, "4/5". A cell without runs stays white and says "not run".
 * @throws when there are no runs
 */
export function divergenceMap(runs: readonly RunRecord[], options: FigureOptions = {}): Figure {
  const groups = groupRuns(runs);
  const arms = [...new Set(groups.map((group) => group.arm))];
  const rates = [...new Set(groups.map((group) => group.learningRate))].sort((a, b) => a - b);
  const cells = arms.map((arm) =>
    rates.map((rate) => {
      const seeds = groups.find((group) => group.arm === arm && group.learningRate === rate)?.runs ?? [];
      return { diverged: seeds.filter((run) => run.diverged !== null).length, seeds: seeds.length };
    }),
  );
  const columns = rates.map(formatRate);
  const rows = arms.map((arm) => escapeText(armTitle(arm)));
  const notes: Note[] = cells.flatMap((row, i) =>
    row.map(({ diverged, seeds }, j) => ({
      x: j,
      y: i,
      text: seeds === 0 ? "not run" : `${diverged}/${seeds}`,
      showarrow: false,
      font: {
        size: seeds === 0 ? 11 : 14,
        color: seeds === 0 ? "#767676" : diverged / seeds > 0.6 ? "#ffffff" : "#1a1a1a",
      },
    })),
  );
  return {
    data: [
      {
        type: "heatmap",
        x: columns,
        y: rows,
        z: cells.map((row) => row.map(({ diverged, seeds }) => (seeds === 0 ? null : diverged / seeds))),
        zmin: 0,
        zmax: 1,
        xgap: 3,
        ygap: 3,
        colorscale: [
          [0, "#e3f1fb"],
          [0.5, "#f2b48a"],
          [1, "#a83c00"],
        ],
        colorbar: {
          title: { text: "share diverged", side: "right" },
          tickformat: ".0%",
          thickness: 14,
          len: 1,
          outlinewidth: 0,
        },
        hovertemplate: "%{y}, learning rate %{x}: %{z:.0%} diverged<extra></extra>",
        showlegend: false,
      },
    ],
    layout: baseLayout(options, ["In each cell: seeds that diverged / seeds run."], {
      xaxis: axis("learning rate", { type: "category", showgrid: false }),
      yaxis: axis("", { type: "category", showgrid: false, autorange: "reversed" }),
      annotations: notes,
      showlegend: false,
    }),
  };
}

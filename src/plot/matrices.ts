import { fail } from "../check/check";
import { namesOf } from "../check/known-options";
import { escapeText } from "../table/escape";
import type { Matrix } from "../tt/matrix";
import type { Figure, Trace } from "./figure";
import { colors } from "./palette";
import { axis, baseLayout, sharedOptions } from "./template";
import type { FigureOptions } from "./template";

/** A matrix [rows, columns] and what it is. */
export interface NamedMatrix {
  readonly name: string;
  readonly matrix: Matrix;
}

export interface MatricesOptions extends FigureOptions {
  /** What an entry is, unit included: the title of the bar of colours. */
  readonly entry: string;
  /** Rows and columns that are drawn, from the first ones on; default 24 and 48. */
  readonly corner?: { readonly rows: number; readonly columns: number };
}

const OWN = namesOf<Omit<MatricesOptions, keyof FigureOptions>>({ entry: true, corner: true });

/** Share of the height between two maps, for the names of their columns. */
const GAP = 0.3;

/**
 * Draws matrices as heat maps under each other, on one scale: 0 is white, the largest entry of all is as dark as its opposite would be.
 * @throws when there are no matrices
 */
export function matricesFigure(matrices: readonly NamedMatrix[], options: MatricesOptions): Figure {
  if (matrices.length === 0) fail("matrices", "at least one matrix", matrices);
  const { rows: most = 24, columns: widest = 48 } = options.corner ?? {};
  const corners = matrices.map(({ matrix: { rows, columns, data } }) =>
    Array.from({ length: Math.min(rows, most) }, (_, i) =>
      Array.from({ length: Math.min(columns, widest) }, (_, j) => data[i * columns + j]!),
    ),
  );
  const largest = Math.max(...corners.flat(2).map(Math.abs)) || 1;
  const height = (1 - GAP * (matrices.length - 1)) / matrices.length;
  const axes = matrices.map(({ name, matrix }, i) => {
    const end = i === 0 ? "" : String(i + 1);
    const top = 1 - i * (height + GAP);
    const shown = corners[i]!;
    const part = shown.length < matrix.rows || (shown[0]?.length ?? 0) < matrix.columns;
    const of = `${matrix.rows} × ${matrix.columns}${part ? ", its first entries" : ""}`;
    return {
      [`xaxis${end}`]: axis(`${escapeText(name)} (${of})`, { anchor: `y${end}`, showgrid: false } as object),
      [`yaxis${end}`]: axis("row", {
        anchor: `x${end}`,
        domain: [Math.max(0, top - height), top],
        autorange: "reversed",
        showgrid: false,
      } as object),
    };
  });
  const data = corners.map((z, i): Trace => {
    const end = i === 0 ? "" : String(i + 1);
    return {
      type: "heatmap",
      x: (z[0] ?? []).map((_, j) => j + 1),
      y: z.map((_, k) => k + 1),
      z,
      xaxis: `x${end}` as "x",
      yaxis: `y${end}` as "y",
      zmin: -largest,
      zmax: largest,
      colorscale: [
        [0, colors.blue],
        [0.5, "#ffffff"],
        [1, colors.vermillion],
      ],
      showscale: i === 0,
      colorbar: { title: { text: escapeText(options.entry), side: "right" }, thickness: 14, len: 1, outlinewidth: 0 },
      hovertemplate: "row %{y}, column %{x}: %{z:.3f}<extra></extra>",
      showlegend: false,
    };
  });
  return {
    data,
    layout: baseLayout(sharedOptions(options, OWN), [], { showlegend: false, ...Object.assign({}, ...axes) }),
  };
}

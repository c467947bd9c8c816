import type { Figure } from "../plot/figure";
import { figureSvg } from "../plot/svg";
import { plainText } from "../table/escape";
import { display, shown, type MimeBundle } from "./display";
import { newestOnly } from "./newest-only";

/** A Plotly figure as a value. */
export interface FigureValue {
  readonly data: readonly object[];
  readonly layout?: object;
}

export interface FigureHandle {
  readonly [shown]: true;
  /** Replaces the figure in place; of quick updates (above five per second) only the newest is drawn. */
  update(figure: FigureValue): void;
  /** Draws an update that still waits. The end of the cell does this too. */
  finish(): void;
}

export const plotlyMime = "application/vnd.plotly.v1+json";
const updateEveryMs = 200;

/** A figure's title, for text. */
export const titleOf = (layout: object | undefined): string => {
  const title: unknown = layout !== undefined && "title" in layout ? layout.title : undefined;
  if (typeof title === "string") return plainText(title);
  if (typeof title !== "object" || title === null || !("text" in title)) return "untitled";
  return plainText(String(title.text));
};

/** Gives the figure for JupyterLab, a static picture for pages that run no scripts, and one line of text for everything else. */
export function figureBundle({ data, layout = {} }: FigureValue): MimeBundle {
  const traces = `${data.length} ${data.length === 1 ? "trace" : "traces"}`;
  const svg = pictureOf({ data, layout });
  return {
    [plotlyMime]: { data, layout },
    ...(svg === null ? {} : { "image/svg+xml": svg }),
    "text/plain": `figure: ${titleOf(layout)} (${traces})`,
  };
}

/** null where a cell's own figure is stranger than the picture's rules: it is shown all the same, by Plotly. */
function pictureOf(figure: object): string | null {
  try {
    return figureSvg(figure as Figure);
  } catch {
    return null;
  }
}

/**
 * Shows a Plotly figure under the current cell and returns a handle that updates it in place.
 * For example `const plot = showFigure(figure); plot.update(nextFigure)`.
 */
export function showFigure(figure: FigureValue): FigureHandle {
  const output = display(figureBundle(figure));
  const updates = newestOnly(updateEveryMs, (next: FigureValue) => output.update(figureBundle(next)));
  return { [shown]: true, update: (next) => updates.push(next), finish: () => updates.flush() };
}

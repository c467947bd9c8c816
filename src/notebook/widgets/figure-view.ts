import { shown } from "../display";
import { figureBundle, titleOf } from "../figure-display";
import type { FigureHandle, FigureValue } from "../figure-display";
import { kernelRegistry } from "../kernel-registry";
import { newestOnly } from "../newest-only";
import { openWidget } from "./open-widget";
import type { OpenWidget } from "./open-widget";
import { openLayout, show } from "./view";
import type { View } from "./view";

/** A figure as a widget: unlike an output, it is drawn with its newest state in a page that was loaded again. */
export interface FigureView extends View {
  readonly figure: FigureValue;
  /** Of quick updates (above five per second) only the newest is drawn. */
  update(figure: FigureValue): void;
  /** Draws an update that still waits. The end of the cell does this too. */
  finish(): void;
}

const updateEveryMs = 200;

/** Makes a figure that stands among other views and can be updated. For example `const view = figureView(figure); show(vbox([rate, view])); view.update(next)`. */
export function figureView(first: FigureValue): FigureView {
  let figure = first;
  let opened: OpenWidget | undefined;
  const updates = newestOnly(updateEveryMs, (next: FigureValue) => opened?.set({ figure: stated(next) }));
  return {
    [shown]: true,
    get figure() {
      return figure;
    },
    update(next) {
      figure = next;
      updates.push(next);
    },
    finish: () => updates.flush(),
    open: () =>
      (opened ??= openWidget(
        { model: "FigureModel", view: "FigureView", module: "adazeta", version: "1.0.0" },
        { figure: stated(figure), layout: openLayout({ width: "100%" }) },
      )),
    describe: () => `figure: ${titleOf(figure.layout)}`,
  };
}

/**
 * Shows a figure that grows while the cell runs, also in a page that is loaded meanwhile; when the cell ends it becomes the plain
 * output that `showFigure` makes, which needs no kernel.
 * For example `const plot = showLiveFigure(figure); plot.update(next); plot.finish()`.
 */
export function showLiveFigure(first: FigureValue): FigureHandle {
  const view = figureView(first);
  const output = show(view, figureBundle(first));
  const { flushes } = kernelRegistry();
  const finish = (): void => {
    if (!flushes.delete(finish)) return;
    view.finish();
    output.freeze(figureBundle(view.figure));
  };
  flushes.add(finish);
  return { [shown]: true, update: view.update, finish };
}

function stated({ data, layout }: FigureValue): object {
  return { data, layout: layout ?? {} };
}

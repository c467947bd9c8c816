import { display, shown } from "../display";
import type { MimeBundle } from "../display";
import { kernelRegistry } from "../kernel-registry";
import { closeReplaced, openWidget } from "./open-widget";
import type { OpenWidget, WidgetClass } from "./open-widget";

/** Something that can be shown under a cell, alone or in a box. */
export interface View {
  /** As the last expression of a cell it is not printed as well. */
  readonly [shown]: true;
  /** Opens what the front end draws, once; `show` and boxes call it. */
  open(): OpenWidget;
  /** What stands for it where nothing is live: a saved page, a terminal. */
  describe(): string;
}

export const VIEW_MIME = "application/vnd.jupyter.widget-view+json";
const BASE = "@jupyter-widgets/base";
const CONTROLS = "@jupyter-widgets/controls";

/** Makes a class of ipywidgets' controls, e.g. controlClass("FloatSlider"). */
export function controlClass(name: string): WidgetClass {
  return { model: `${name}Model`, view: `${name}View`, module: CONTROLS, version: "2.0.0" };
}

/** Makes a view that jupyter/labextensions/plotly-mime draws. */
export function ownView(view: string): Pick<WidgetClass, "view" | "viewModule" | "viewVersion"> {
  return { view, viewModule: "adazeta", viewVersion: "1.0.0" };
}

/** Gives the layout that a widget's state must refer to. */
export function openLayout(state: Readonly<Record<string, unknown>> = {}): string {
  return openWidget({ model: "LayoutModel", view: "LayoutView", module: BASE, version: "2.0.0" }, state).reference;
}

/** Gives the style that a control's state refers to, e.g. openStyle("SliderStyle", { description_width: "initial" }). */
export function openStyle(name: string, state: Readonly<Record<string, unknown>> = {}): string {
  const kind = { model: `${name}Model`, view: "StyleView", module: CONTROLS, viewModule: BASE, version: "2.0.0" };
  return openWidget(kind, state).reference;
}

/** A shown view. */
export interface ShownView {
  readonly [shown]: true;
  /** Replaces it, in the saved notebook too, by something that needs no kernel. */
  freeze(bundle: MimeBundle): void;
}

/**
 * Shows a view under the current cell; controls that an earlier run of the cell showed are closed. Outside a kernel nothing is shown.
 * For example `show(vbox([rate, stop]))`.
 * @param fallback what a page without live widgets draws
 */
export function show(view: View, fallback: MimeBundle = {}): ShownView {
  if (kernelRegistry().publish === undefined) return { [shown]: true, freeze: () => undefined };
  closeReplaced();
  const { id } = view.open();
  const output = display({
    "text/plain": view.describe(),
    ...fallback,
    [VIEW_MIME]: { version_major: 2, version_minor: 0, model_id: id },
  });
  return { [shown]: true, freeze: (bundle) => output.update(bundle) };
}

/** Puts views below each other. For example `vbox([rate, scale])`. */
export function vbox(children: readonly View[]): View {
  return box("VBox", children);
}

/** Puts views beside each other, going on below where the page is too narrow. */
export function hbox(children: readonly View[]): View {
  return box("HBox", children);
}

function box(name: "VBox" | "HBox", children: readonly View[]): View {
  let opened: OpenWidget | undefined;
  return {
    [shown]: true,
    open: () =>
      (opened ??= openWidget(controlClass(name), {
        children: children.map((child) => child.open().reference),
        layout: openLayout(name === "HBox" ? { flex_flow: "row wrap" } : {}),
      })),
    describe: () => children.map((child) => child.describe()).join("\n"),
  };
}

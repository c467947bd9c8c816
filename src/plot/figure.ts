import type { Annotations, Layout, PlotData, Shape } from "plotly.js";

/** One curve, row of bars or heat map, with Plotly's own names. */
export type Trace = Partial<PlotData>;
export type Note = Partial<Annotations>;
export type Line = Partial<Shape>;
export type FigureLayout = Partial<Layout>;

/** A figure is a plain value, JSON all through: this room draws nothing, a notebook or a page hands it to Plotly. */
export interface Figure {
  readonly data: readonly Trace[];
  readonly layout: FigureLayout;
}

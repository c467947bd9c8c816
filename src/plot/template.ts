import type { LayoutAxis } from "plotly.js";
import { knownOptions, namesOf } from "../check/known-options";
import { escapeText } from "../table/escape";
import { describeOrigin } from "../table/origin";
import type { Origin } from "../table/origin";
import type { FigureLayout } from "./figure";

/** What every figure function takes beside its data. */
export interface FigureOptions {
  /** One claim or question in a line, plain text. */
  readonly title?: string;
  /** Where the numbers come from: the caption line under the title. */
  readonly origin?: Origin;
}

const OPTIONS = namesOf<FigureOptions>({ title: true, origin: true });

/**
 * Gives of a figure's options those that all figures have.
 * @param own names of those it has beside them
 * @throws when an option is none of either
 * @example sharedOptions({ x: "steps", title: "Seven runs" }, ["x"]) // { title: "Seven runs" }
 */
export function sharedOptions(options: FigureOptions, own: readonly string[]): FigureOptions {
  knownOptions("figure", options, [...own, ...OPTIONS]);
  return Object.fromEntries(Object.entries(options).filter(([name]) => !own.includes(name)));
}

const ink = "#1a1a1a";
const quiet = "#595959";
const grid = "#e6e6e6";
/** Characters of a caption's line: what 640 pixels hold in a wide font (DejaVu, where a system has neither Helvetica nor Arial). */
const CAPTION_WIDTH = 92;

/** Makes an axis with its name, unit included ("dev loss (nats)"). */
export function axis(title: string, more: Partial<LayoutAxis> = {}): Partial<LayoutAxis> {
  return {
    title: { text: title, font: { size: 13, color: ink }, standoff: 8 },
    tickfont: { size: 12, color: ink },
    gridcolor: grid,
    zeroline: false,
    showline: true,
    linecolor: "#9a9a9a",
    ticks: "outside",
    tickcolor: "#9a9a9a",
    ticklen: 4,
    automargin: true,
    separatethousands: true,
    ...more,
  };
}

/** The two domains of a figure with two panels side by side. */
export const leftHalf: [number, number] = [0, 0.455];
export const rightHalf: [number, number] = [0.545, 1];

/** And of one with three. */
export const thirds: readonly [[number, number], [number, number], [number, number]] = [
  [0, 0.27],
  [0.365, 0.635],
  [0.73, 1],
];

/**
 * Clean white ground, readable letters; title and caption stand top left above the plot, the legend in rows below it, so that neither covers data.
 * `uirevision` keeps the reader's zoom while a live figure is drawn again.
 * @param options those of all figures alone (`sharedOptions`)
 * @param remarks sentences of ours after the caption (how curves were averaged, what a mark means)
 * @throws when an option is unknown
 */
export function baseLayout(options: FigureOptions, remarks: readonly string[], more: FigureLayout): FigureLayout {
  knownOptions("figure", options, OPTIONS);
  const caption = [options.origin === undefined ? "" : describeOrigin(options.origin), ...remarks].filter(
    (x) => x !== "",
  );
  const lines = caption.flatMap((text) => wrap(text, CAPTION_WIDTH));
  const title = options.title ?? "";
  const top = 14 + (title === "" ? 0 : 26) + 15 * lines.length;
  return {
    height: 420,
    autosize: true,
    paper_bgcolor: "#ffffff",
    plot_bgcolor: "#ffffff",
    font: { family: "Helvetica, Arial, sans-serif", size: 12, color: ink },
    margin: { l: 64, r: 24, t: top + (lines.length === 1 ? 18 : 12), b: 48 },
    annotations: [],
    hovermode: "closest",
    hoverlabel: { namelength: -1 },
    uirevision: "keep",
    showlegend: true,
    legend: {
      orientation: "h",
      x: 0,
      xanchor: "left",
      y: 0.01,
      yref: "container",
      yanchor: "bottom",
      font: { size: 12 },
    },
    title: {
      text: title === "" && lines.length > 0 ? " " : escapeText(title),
      font: { size: 17, color: ink },
      x: 0.008,
      xref: "container",
      xanchor: "left",
      y: 0.975,
      yref: "container",
      yanchor: "top",
      subtitle: { text: lines.map(escapeText).join("<br>"), font: { size: 12, color: quiet } },
    },
    ...more,
  };
}

/** Breaks plain text between words into lines of at most `width` characters; one longer word stays whole. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

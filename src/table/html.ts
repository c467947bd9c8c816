import type { ColumnTable } from "arquero";
import { formatTable } from "./cell";
import type { ColumnOrigin, FormattedCell, TableOptions } from "./cell";
import { escapeText } from "./escape";

/** Texts up to this many letters, names above all, stay on one line; longer ones are broken, at this width in em. */
const ONE_LINE = 40;
const WRAPPED_WIDTH = 18;
/** How many letters of a column's name stay on one line at least. */
const NAME_LINE = 18;

/**
 * The first column stays where it is while the others are scrolled, on the page's own ground. The class says so again where the page takes
 * variables out of styles (a notebook that is not trusted): jupyter/labextensions/plotly-mime.
 */
const FIXED = "position: sticky; left: 0;";
const PAGE_GROUND = " background-color: var(--jp-layout-color0, var(--vscode-editor-background, Canvas));";

/**
 * Gives a table as HTML: numbers to the right, the best value of a column in bold on a light ground, every text escaped. Reported numbers
 * are in italics on an orange ground, measured ones upright on a blue one: two colours that every kind of colour vision tells apart.
 * A table that is wider than the page scrolls by itself under its first column. Styles stand inline, since a notebook's page has no
 * style sheet of ours; colours of letters and ground are the page's own, light or dark, but for marked cells.
 * For example `toHtml(summaryTable(runs), { caption: describeOrigin(origin), best: { "best dev loss": "lowest" } })`.
 * @throws when an option names a column that the table has not
 */
export function toHtml(table: ColumnTable, options: TableOptions = {}): string {
  const { caption, names, align, origins, rows } = formatTable(table, options);
  const long = names.map((_, i) => rows.some((row) => row[i]!.text.length > ONE_LINE));
  const style = (i: number, lines: string): string =>
    `text-align: ${align[i]}; ${lines} padding: 2px 10px;${i === 0 ? ` ${FIXED}` : ""}${ground(origins[i]!, i === 0)}`;
  const headed = (name: string, i: number): string =>
    `<th style="${style(i, `white-space: normal; min-width: ${Math.min(name.length, NAME_LINE)}ch; vertical-align: bottom;`)}">${escapeText(name)}</th>`;
  const lines = (i: number): string =>
    long[i] ? `white-space: normal; min-width: ${WRAPPED_WIDTH}em;` : "white-space: nowrap;";
  const body = rows
    .map((row) => `<tr>${row.map((cell, i) => data(cell, style(i, lines(i)))).join("")}</tr>`)
    .join("\n");
  return [
    ...(caption === null ? [] : [`<div style="text-align: left; opacity: 0.8;">${escapeText(caption)}</div>`]),
    `<div class="adazeta-table" style="overflow-x: auto; max-width: 100%;">`,
    `<table style="border-collapse: collapse; font-variant-numeric: tabular-nums; margin-left: 0px;">`,
    `<thead><tr>${names.map(headed).join("")}</tr></thead>`,
    `<tbody>\n${body}\n</tbody>`,
    `</table>`,
    `</div>`,
  ].join("\n");
}

const grounds: Readonly<Record<ColumnOrigin, string>> = {
  reported: " background-color: #fdf0e0; color: #1a1a1a; font-style: italic;",
  measured: " background-color: #e3f1fb; color: #1a1a1a;",
};

function ground(origin: ColumnOrigin | null, fixed: boolean): string {
  if (origin !== null) return grounds[origin];
  return fixed ? PAGE_GROUND : "";
}

function data({ text, best }: FormattedCell, style: string): string {
  const escaped = escapeText(text);
  return best
    ? `<td style="${style} background-color: #e3f1fb; color: #1a1a1a;"><strong title="best of its column">${escaped}</strong></td>`
    : `<td style="${style}">${escaped}</td>`;
}

import type { ColumnTable } from "arquero";
import { formatTable } from "./cell";
import type { ColumnOrigin, FormattedCell, TableOptions } from "./cell";
import { escapeText } from "./escape";

/**
 * A table as HTML: numbers to the right, the best value of a column in bold on a light ground, every text escaped. Reported numbers
 * are in italics on an orange ground, measured ones upright on a blue one: two colours that every kind of colour vision tells apart.
 * Styles stand inline, since a notebook's page has no style sheet of ours.
 * @example toHtml(summaryTable(runs), { caption: describeOrigin(origin), best: { "best dev loss": "lowest" } })
 * @throws when an option names a column that the table has not
 */
export function toHtml(table: ColumnTable, options: TableOptions = {}): string {
  const { caption, names, align, origins, rows } = formatTable(table, options);
  const style = (i: number): string =>
    `text-align: ${align[i]}; padding: 2px 10px;${align[i] === "right" ? " white-space: nowrap;" : ""}${ground(origins[i]!)}`;
  const head = names.map((name, i) => `<th style="${style(i)}">${escapeText(name)}</th>`).join("");
  const body = rows.map((row) => `<tr>${row.map((cell, i) => data(cell, style(i))).join("")}</tr>`).join("\n");
  return [
    `<table style="border-collapse: collapse; font-variant-numeric: tabular-nums;">`,
    ...(caption === null
      ? []
      : [`<caption style="text-align: left; color: #595959;">${escapeText(caption)}</caption>`]),
    `<thead><tr>${head}</tr></thead>`,
    `<tbody>\n${body}\n</tbody>`,
    `</table>`,
  ].join("\n");
}

const grounds: Readonly<Record<ColumnOrigin, string>> = {
  reported: " background-color: #fdf0e0; color: #1a1a1a; font-style: italic;",
  measured: " background-color: #e3f1fb; color: #1a1a1a;",
};

function ground(origin: ColumnOrigin | null): string {
  return origin === null ? "" : grounds[origin];
}

function data({ text, best }: FormattedCell, style: string): string {
  const escaped = escapeText(text);
  return best
    ? `<td style="${style} background-color: #e3f1fb; color: #1a1a1a;"><strong title="best of its column">${escaped}</strong></td>`
    : `<td style="${style}">${escaped}</td>`;
}

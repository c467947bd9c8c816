import type { ColumnTable } from "arquero";
import { formatTable } from "./cell";
import type { FormattedCell, TableOptions } from "./cell";
import { escapeText } from "./escape";

/**
 * A table as HTML: numbers to the right, the best value of a column in bold on a light ground, every text escaped.
 * Styles stand inline, since a notebook's page has no style sheet of ours.
 * @example toHtml(summaryTable(runs), { caption: describeOrigin(origin), best: { "best dev loss": "lowest" } })
 * @throws when an option names a column that the table has not
 */
export function toHtml(table: ColumnTable, options: TableOptions = {}): string {
  const { caption, names, align, rows } = formatTable(table, options);
  const style = (i: number): string => `text-align: ${align[i]}; padding: 2px 10px;`;
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

function data({ text, best }: FormattedCell, style: string): string {
  const escaped = escapeText(text);
  return best
    ? `<td style="${style} background-color: #e3f1fb; color: #1a1a1a;"><strong title="best of its column">${escaped}</strong></td>`
    : `<td style="${style}">${escaped}</td>`;
}

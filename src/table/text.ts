import type { ColumnTable } from "arquero";
import { formatTable } from "./cell";
import type { Align, FormattedTable, TableOptions } from "./cell";
import { escapeMarkdown } from "./escape";

/** Gives a table as GitHub-flavoured Markdown, its columns padded; the best value of a column in bold. */
export function toMarkdown(table: ColumnTable, options: TableOptions = {}): string {
  const { caption, names, align, rows } = formatTable(table, options);
  const cells = [
    names.map(escapeMarkdown),
    ...rows.map((row) => row.map((c) => (c.best ? `**${escapeMarkdown(c.text)}**` : escapeMarkdown(c.text)))),
  ];
  const widths = columnWidths(cells, 3);
  const rule = widths.map((width, i) => (align[i] === "right" ? `${"-".repeat(width - 1)}:` : "-".repeat(width)));
  const [head, ...body] = cells.map((row) => row.map((text, i) => pad(text, widths[i]!, align[i]!)));
  const lines = [head!, rule, ...body].map((row) => `| ${row.join(" | ")} |`);
  return [...(caption === null ? [] : [escapeMarkdown(caption), ""]), ...lines].join("\n");
}

/** Gives a table as aligned plain text for a terminal, a row a line, without control characters; `*` marks the best value of a column. */
export function toText(table: ColumnTable, options: TableOptions = {}): string {
  const { caption, names, align, rows }: FormattedTable = formatTable(table, options);
  const marked = names.map((_, i) => rows.some((row) => row[i]!.best));
  const cells = [
    names.map((name, i) => (marked[i] ? `${name} ` : name)),
    ...rows.map((row) => row.map((cell, i) => (marked[i] ? `${cell.text}${cell.best ? "*" : " "}` : cell.text))),
  ].map((row) => row.map(onOneLine));
  const widths = columnWidths(cells, 1);
  const lines = cells.map((row) =>
    row
      .map((text, i) => pad(text, widths[i]!, align[i]!))
      .join("  ")
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => "-".repeat(width)).join("  "));
  return [...(caption === null ? [] : [caption]), ...lines].join("\n");
}

/** A terminal obeys control characters, and a line's end would begin a row: data, such as what a model wrote, may hold both. */
function onOneLine(text: string): string {
  return text.replace(/[\t\n\v\f\r\u0085\u2028\u2029]+/g, " ").replace(/\p{Cc}/gu, "?");
}

function columnWidths(cells: readonly (readonly string[])[], least: number): readonly number[] {
  return cells[0]!.map((_, i) => Math.max(least, ...cells.map((row) => row[i]!.length)));
}

function pad(text: string, width: number, align: Align): string {
  return align === "right" ? text.padStart(width) : text.padEnd(width);
}

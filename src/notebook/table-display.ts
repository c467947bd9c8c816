import type { TableOptions } from "../table/cell";
import { toHtml } from "../table/html";
import { toText } from "../table/text";
import { display, shown } from "./display";

/**
 * Shows a table under the current cell: HTML in a notebook, aligned text elsewhere.
 * For example `showTable(summaryTable(runs), { caption: "measured here", best: { "best dev loss": "lowest" } })`.
 */
export function showTable(table: Parameters<typeof toHtml>[0], options: TableOptions = {}): { readonly [shown]: true } {
  display({ "text/html": toHtml(table, options), "text/plain": toText(table, options) });
  return { [shown]: true };
}

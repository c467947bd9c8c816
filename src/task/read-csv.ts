import { fail } from "../check/check";
import { place } from "./example";
import { tableRows } from "./read-text";
import type { Rows } from "./row";
import type { FileLayout } from "./source";
import type { Where } from "./task";

/**
 * Gives the rows of a comma-separated file: a cell in double quotes may hold commas, line ends and doubled quotes.
 * @throws when a quote is never closed or is followed by text, a row has more or fewer cells than the header, or the file is empty
 * @example csv('label,text\n1,"one, ""two"""\n', "x.csv").rows[0].cells // { label: "1", text: 'one, "two"' }
 * Source: RFC 4180; line ends may be \n alone.
 */
export function csv(text: string, file: string, layout: Pick<FileLayout, "columns" | "skipShortLines"> = {}): Rows {
  const lines = [...records(text, file)].filter(({ cells }) => cells.length > 1 || cells[0].trim() !== "");
  if (lines.length === 0) fail(file, "lines of text", "an empty file");
  return tableRows(lines, file, "comma-separated", layout);
}

function* records(text: string, file: string): Iterable<{ readonly cells: readonly string[]; readonly where: Where }> {
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const where = { file, line };
    const cells: string[] = [];
    for (;;) {
      const cell = text[at] === '"' ? quoted(text, at, where) : plain(text, at);
      cells.push(cell.value);
      line += cell.value.split("\n").length - 1;
      at = cell.end;
      if (text[at] !== ",") break;
      at += 1;
    }
    if (at < text.length && !/[\r\n]/.test(text[at]))
      fail(place(where), "a comma or a line end after a quoted cell", text[at]);
    at += text.startsWith("\r\n", at) ? 2 : 1;
    line += 1;
    yield { cells, where };
  }
}

interface Cell {
  readonly value: string;
  /** Where the text goes on. */
  readonly end: number;
}

function plain(text: string, start: number): Cell {
  let end = start;
  while (end < text.length && text[end] !== "," && text[end] !== "\n" && !text.startsWith("\r\n", end)) end += 1;
  return { value: text.slice(start, end), end };
}

function quoted(text: string, start: number, where: Where): Cell {
  let value = "";
  for (let from = start + 1; ;) {
    const close = text.indexOf('"', from);
    if (close < 0) return fail(place(where), "a closing quote", "the end of the file");
    value += text.slice(from, close);
    if (text[close + 1] !== '"') return { value, end: close + 1 };
    value += '"';
    from = close + 2;
  }
}

import { fail } from "../check/check";
import { place } from "./example";
import type { Row, Rows } from "./row";
import type { FileLayout } from "./source";
import type { Where } from "./task";

/**
 * Turns bytes to text: UTF-8 where the bytes are valid UTF-8, else latin-1 (byte n is code point n). The old distributions mix both:
 * `TREC.train.all` is latin-1, `stsa.binary.*` is UTF-8, whatever their description says.
 * @throws when the bytes are UTF-16 or no text
 */
export function decodeText(bytes: Uint8Array, file = "text"): string {
  if (bytes.subarray(0, 4096).includes(0))
    fail(file, "text in UTF-8 or latin-1", "zero bytes, as in UTF-16 or a binary file; save it as UTF-8");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString("latin1");
  }
}

/**
 * Gives the rows of a file of lines "label text": cells `label` and `text`.
 * @throws when the file is empty
 * @example labelledLines("5 How tall is it ?\n", "x.all").rows[0].cells // { label: "5", text: "How tall is it ?" }
 */
export function labelledLines(text: string, file: string): Rows {
  const rows = linesOf(text, file).map(({ content, where }) => {
    const space = content.search(/\s/);
    const label = space < 0 ? content : content.slice(0, space);
    return { cells: { label, text: space < 0 ? "" : content.slice(space + 1) }, where };
  });
  return { file, header: null, rows, short: 0 };
}

/**
 * Gives the rows of a tab-separated file; columns are found by name, in any order, and there is no quoting (as in GLUE).
 * @throws when a row has more or fewer cells than the header, with file and line, and when the file is empty
 */
export function tsv(text: string, file: string, layout: Pick<FileLayout, "columns" | "skipShortLines"> = {}): Rows {
  const lines = linesOf(text, file).map(({ content, where }) => ({ cells: content.split("\t"), where }));
  return tableRows(lines, file, "tab-separated", layout);
}

/**
 * Gives lines of cells with a header, or with the column names given, as rows.
 * @throws when two columns have one name, or a row has more or fewer cells than there are columns, with file and line
 */
export function tableRows(
  lines: readonly { readonly cells: readonly string[]; readonly where: Where }[],
  file: string,
  separated: string,
  { columns: given, skipShortLines = undefined }: Pick<FileLayout, "columns" | "skipShortLines">,
): Rows {
  const columns = given ?? lines[0].cells.map((name) => name.trim());
  const twice = repeated(columns.filter((name) => name !== ""));
  if (twice !== undefined) fail(`${place(lines[0].where)}, header`, "columns of different names", `${twice} twice`);
  const rows: Row[] = [];
  let short = 0;
  for (const { cells, where } of given === undefined ? lines.slice(1) : lines) {
    if (cells.length < columns.length && skipShortLines) short += 1;
    else if (cells.length !== columns.length)
      fail(place(where), `${columns.length} ${separated} cells (${columns.join(", ")})`, `${cells.length}`);
    else rows.push({ cells: Object.fromEntries(columns.map((column, i) => [column, cells[i]])), where });
  }
  return { file, header: { columns, where: { file, line: 1 } }, rows, short };
}

/** Splits at \n only (some corpora have NEL bytes inside a text); a last empty line is no line. @throws when there is none */
export function linesOf(text: string, file: string): readonly { readonly content: string; readonly where: Where }[] {
  const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
  if (lines[lines.length - 1] === "") lines.pop();
  if (lines.every((line) => line.trim() === "")) fail(file, "lines of text", "an empty file");
  return lines.map((content, i) => ({ content, where: { file, line: i + 1 } }));
}

/** Gives the first name that comes twice. */
export function repeated(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.has(name) || !seen.add(name));
}

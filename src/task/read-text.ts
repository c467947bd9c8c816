import { fail } from "../check/check";
import type { Example, Task, Where } from "./task";

/**
 * Bytes to text: UTF-8 where the bytes are valid UTF-8, else latin-1 (byte n is code point n). The old distributions mix both:
 * `TREC.train.all` is latin-1, `stsa.binary.*` is UTF-8, whatever their description says.
 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString("latin1");
  }
}

/**
 * Reads a file of lines "label text".
 * @throws at an unknown label or a missing text, with file and line, and when the file is empty
 * @example readLabelledLines(trec, "5 How tall is it ?\n", "x.all")[0].label // 5
 */
export function readLabelledLines(task: Task, text: string, file: string): readonly Example[] {
  const field = Object.keys(task.fields)[0];
  return linesOf(text, file).map(({ content, where }) => {
    const space = content.search(/\s/);
    const label = space < 0 ? content : content.slice(0, space);
    const rest = space < 0 ? "" : content.slice(space + 1);
    return exampleOf(task, { [field]: rest }, label, where);
  });
}

/**
 * Reads a tab-separated file with a header; columns are found by name, in any order, and there is no quoting (as in GLUE).
 * @returns null where the header has no label column: such a split (GLUE's test.tsv) is not labelled
 * @throws at a missing column, a row with more or fewer cells than the header, an unknown label or an empty field, with file and
 *   line, and when there are no rows
 */
export function readTable(task: Task, text: string, file: string): readonly Example[] | null {
  const [header, ...rows] = linesOf(text, file);
  const columns = header.content.split("\t").map((name) => name.trim());
  const labelAt = columns.indexOf("label");
  if (labelAt < 0) return null;
  const fieldAt = Object.entries(task.fields).map(([field, names]) => {
    const at = columns.findIndex((column) => names.includes(column));
    return {
      field,
      at: at >= 0 ? at : fail(`${place(header.where)}, header`, `a column ${names.join(" or ")}`, columns),
    };
  });
  if (rows.length === 0) fail(file, "rows below its header", "none");
  return rows.map(({ content, where }) => {
    const cells = content.split("\t");
    if (cells.length !== columns.length)
      fail(`${place(where)}`, `${columns.length} tab-separated cells (${columns.join(", ")})`, `${cells.length}`);
    const fields = Object.fromEntries(fieldAt.map(({ field, at }) => [field, cells[at]]));
    return exampleOf(task, fields, cells[labelAt], where);
  });
}

/**
 * Checks one row and makes an example of it.
 * @param label a class number, a class name, or an alias
 * @throws when the label is unknown or a field is missing or empty, with file and line
 */
export function exampleOf(
  task: Task,
  fields: Readonly<Record<string, string | undefined>>,
  label: string,
  where: Where,
): Example {
  const trimmed = Object.keys(task.fields).map((field) => {
    const value = fields[field]?.trim();
    return [field, value ? value : fail(`${place(where)}, field ${field}`, "a text", fields[field])] as const;
  });
  return { fields: Object.fromEntries(trimmed), label: labelOf(task, label, where), where };
}

/** A label's number, from its number, its class name or an alias. */
export function labelOf(task: Task, label: string, where: Where): number {
  const text = label.trim();
  const known = [task.labels.findIndex((_, i) => String(i) === text), task.labels.findIndex((n) => same(n, text))];
  const alias = Object.entries(task.labelAliases).find(([spelling]) => same(spelling, text));
  const found = known.find((index) => index >= 0) ?? alias?.[1];
  if (found !== undefined) return found;
  return fail(`${place(where)}, label`, `one of ${task.labels.map((name, i) => `${i} ${name}`).join(", ")}`, text);
}

/** "file line 3", the beginning of an error message. */
export function place(where: Where): string {
  return `${where.file} line ${where.line}`;
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Split at \n only (some corpora have NEL bytes inside a text); a last empty line is no line. @throws when there is none */
function linesOf(text: string, file: string): readonly { readonly content: string; readonly where: Where }[] {
  const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
  if (lines[lines.length - 1] === "") lines.pop();
  if (lines.every((line) => line.trim() === "")) fail(file, "lines of text", "an empty file");
  return lines.map((content, i) => ({ content, where: { file, line: i + 1 } }));
}

import { fail } from "../check/check";
import { nearestHint } from "../check/nearest";
import { visibly } from "../check/visibly";
import { classSpellings, few } from "./own-classes";
import { cellOf, hasColumn } from "./row";
import type { Row, Rows } from "./row";
import { refuseChat } from "./task";
import type { ClassificationTask, Example, Task, Where } from "./task";

/** The labelled examples of a file, and how many rows have no label that counts. */
export interface ReadExamples {
  readonly examples: readonly Example[];
  readonly unlabelled: number;
}

/**
 * Gives examples of a file's rows.
 * @returns null where the file has no labels at all, as the published test splits of GLUE and SuperGLUE
 * @throws when a column or a field is missing, a label is unknown or nothing is left, with file and line
 */
export function examplesOf(task: Task, { file, header, rows }: Rows): ReadExamples | null {
  const answered = answerColumns(task);
  if (header !== null) {
    if (!hasColumn(header.columns, answered[0])) return null;
    for (const names of [...Object.values(task.fields), ...answered.slice(1)])
      if (!hasColumn(header.columns, names))
        fail(
          `${place(header.where)}, header`,
          `a column ${names.join(" or ")}${nearestHint(names[0], header.columns)}`,
          header.columns,
        );
  }
  if (rows.length === 0) fail(file, header === null ? "rows" : "rows below its header", "none");
  if (rows.every((row) => isUnanswered(cellOf(row, answered[0])))) return null;
  const classes = task.kind === "classification" ? labelReader(task) : undefined;
  const examples = rows.flatMap((row) => (isLeftOut(task, row) ? [] : [exampleOf(task, row, classes)]));
  if (examples.length === 0) fail(file, "rows with a label", `${rows.length} without`);
  return { examples, unlabelled: rows.length - examples.length };
}

/** Gives the columns without which a file is not labelled, and the lists that a task needs besides. */
export function answerColumns(task: Task): readonly (readonly string[])[] {
  switch (task.kind) {
    case "classification":
      return [labelColumns(task)];
    case "choice":
      return task.right.kind === "number" ? [task.right.columns] : [task.right.answers, task.right.candidates];
    case "generation":
      return [task.answers];
    case "chat":
      return refuseChat(task);
  }
}

/** Says where a classification's files have the label. */
export function labelColumns(task: ClassificationTask): readonly string[] {
  return task.labelColumns ?? ["label"];
}

function isUnanswered(cell: unknown): boolean {
  return cell === undefined || (Array.isArray(cell) && cell.length === 0);
}

/** Rows without agreement among the annotators, and questions without an answer. */
function isLeftOut(task: Task, row: Row): boolean {
  if (task.kind === "classification") {
    const label = cellOf(row, labelColumns(task));
    return task.noLabel !== undefined && task.noLabel.includes(String(label));
  }
  return (
    task.kind === "generation" && Array.isArray(cellOf(row, task.answers)) && isUnanswered(cellOf(row, task.answers))
  );
}

/**
 * Checks one row and makes an example of it.
 * @throws when the label is unknown or a field is missing or empty, with file and line
 */
function exampleOf(task: Task, row: Row, classes?: LabelReader): Example {
  const { where } = row;
  const fields = textsOf(task, row);
  const group = task.group?.map((names) =>
    String(cellOf(row, names) ?? fail(place(where), names.join(" or "), "none")),
  );
  const common = { fields, ...(group ? { group: group.join("/") } : {}), where };
  switch (task.kind) {
    case "classification":
      return { ...common, label: (classes ?? labelReader(task))(cellOf(row, labelColumns(task)), where) };
    case "choice": {
      const { right } = task;
      if (right.kind === "number") {
        const label = numberOf(right.names, {}, plain(cellOf(row, right.columns)), where);
        return { ...common, label };
      }
      const candidates = listOf(row, right.candidates);
      const answers = listOf(row, right.answers);
      const label = candidates.indexOf(answers[0]);
      if (label < 0) fail(`${place(where)}, answer`, `one of the candidates ${candidates.join(", ")}`, answers[0]);
      return { ...common, label, candidates, answers };
    }
    case "generation":
      return { ...common, label: 0, answers: listOf(row, task.answers) };
    case "chat":
      return refuseChat(task);
  }
}

/** Gives a row's text fields. @throws when one is missing or empty, with file and line */
export function textsOf(task: Task, row: Row): Example["fields"] {
  return Object.fromEntries(
    Object.entries(task.fields).map(([field, names]) => [
      field,
      textOf(task, field, cellOf(row, names), names, row.where),
    ]),
  );
}

function textOf(task: Task, field: string, cell: unknown, names: readonly string[], where: Where): string {
  const value = typeof cell === "number" || typeof cell === "bigint" ? String(cell) : cell;
  const mayBeEmpty = task.mayBeEmpty?.includes(field) ?? false;
  const empty = (text: string): boolean => (task.own === undefined ? text.trim() : visibly(text)) === "";
  if (typeof value !== "string" || (empty(value) && !mayBeEmpty))
    return fail(`${place(where)}, field ${field}`, `a text in column ${names.join(" or ")}`, cell);
  return task.verbatim === true ? value : value.trim();
}

/** A list of different texts, in their order. */
function listOf(row: Row, names: readonly string[]): readonly string[] {
  const cell = cellOf(row, names);
  const list = Array.isArray(cell) ? (cell as readonly unknown[]) : [];
  if (list.length === 0 || !list.every((item): item is string => typeof item === "string" && item.trim() !== ""))
    return fail(`${place(row.where)}, ${names.join(" or ")}`, "a list of texts", cell);
  return [...new Set(list)];
}

/** The class of a row by its label's cell. */
type LabelReader = (cell: unknown, where: Where) => number;

/** How a task's labels are read, prepared once for many rows. */
function labelReader(task: ClassificationTask): LabelReader {
  if (task.own === undefined) return (cell, where) => numberOf(task.labels, task.labelAliases, plain(cell), where);
  const understand = classSpellings(task.labels);
  return (cell, where) =>
    understand(plain(cell ?? ""))?.label ??
    fail(
      `${place(where)}, label`,
      `one of ${few(task.labels, 20)}`,
      cell === undefined ? "none" : visibly(plain(cell)) === "" ? "an empty cell" : plain(cell).trim(),
    );
}

/**
 * Gives a label's number, from its number, its class name or an alias; in a user's own table from the name alone.
 * @example labelOf(trec, "hum", where) // 3
 */
export function labelOf(task: ClassificationTask, label: string, where: Where): number {
  return labelReader(task)(label, where);
}

function numberOf(
  labels: readonly string[],
  aliases: Readonly<Record<string, number>>,
  label: string,
  where: Where,
): number {
  const text = label.trim();
  const known = [labels.findIndex((_, i) => String(i) === text), labels.findIndex((name) => same(name, text))];
  const alias = Object.entries(aliases).find(([spelling]) => same(spelling, text));
  const found = known.find((index) => index >= 0) ?? alias?.[1];
  if (found !== undefined) return found;
  return fail(`${place(where)}, label`, `one of ${labels.map((name, i) => `${i} ${name}`).join(", ")}`, text);
}

function plain(cell: unknown): string {
  return typeof cell === "object" ? JSON.stringify(cell) : String(cell);
}

/** Writes "file line 3", the beginning of an error message. */
export function place(where: Where): string {
  return `${where.file} line ${where.line}`;
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

import { existsSync } from "node:fs";
import { basename, extname } from "node:path";
import { fail } from "../check/check";
import { writeAll, writeWhole } from "../disk/whole-file";
import { taskOf } from "../task/classifier-recipe";
import type { AskedText } from "../task/classifier-recipe";
import { unlabelledTable } from "../task/unlabelled-table";
import { tableLines } from "../task/write-table";
import type { TableFormat } from "../task/write-table";
import type { ExportedClassifier } from "./exported-classifier";

/** How a table is filled. */
export interface PredictOptions {
  /** Takes the place of a file of that name. Without it a name that is taken is an error. */
  readonly replace?: boolean;
  /** Told after each batch. */
  readonly progress?: (done: number, rows: number) => void;
}

/** A table that was filled. */
export interface PredictedTable {
  readonly path: string;
  readonly rows: number;
  /** Rows of each class. */
  readonly counts: Readonly<Record<string, number>>;
  /** What should be known of how the table was read and filled. */
  readonly notices: readonly string[];
}

/** Texts of one pass; alike in length, as they are taken in that order. */
const BATCH = 16;

/** Gives where a filled table goes when nobody says it. @example predictedPath("new/mail.csv") // "new/mail.predicted.csv" */
export function predictedPath(input: string): string {
  const ending = extname(input);
  const format = ending.toLowerCase() === ".jsonl" ? ".jsonl" : ".csv";
  return `${input.slice(0, input.length - ending.length)}.predicted${format}`;
}

/**
 * Classifies every row of a table and writes it again with a column of labels (`predicted`), one of their probabilities (`probability`) and one for
 * each class (`p(CLASS)`); where the table has such a column, the new one's name gets a number. All rows are kept in their order; a row without a
 * text gets no label, and a notice says which.
 * For example `await predictTable(mine, "mail.csv", "mail.predicted.csv")`.
 * @param input a .csv, .tsv, .jsonl or .parquet file with the text columns of training
 * @param output a .csv or .jsonl file
 * @throws when the output's name is taken or has another ending, a column is missing, there is no row, or the disk does not take it; the output is
 *   whole or not there
 */
export async function predictTable(
  classifier: ExportedClassifier,
  input: string,
  output: string,
  { replace = false, progress = () => undefined }: PredictOptions = {},
): Promise<PredictedTable> {
  const { notes } = classifier;
  const format = formatOf(output);
  if (!replace && existsSync(output))
    fail(output, "a name that is free", "a file that is there already; choose another with --out, or say --replace");
  const { columns, rows, notices } = await unlabelledTable(taskOf(notes, basename(input)), input);
  const asked = rows.map(({ fields, line }) => {
    try {
      return fields === null ? null : classifier.ask(fields);
    } catch (error) {
      throw new Error(`${basename(input)} line ${line}: ${String(error instanceof Error ? error.message : error)}`);
    }
  });
  const shares = await classifyAll(classifier, asked, progress);
  const added = newNames(["predicted", "probability", ...notes.labels.map((label) => `p(${label})`)], columns);
  const counts = Object.fromEntries(notes.labels.map((label) => [label, 0]));
  const filled = rows.map(({ cells }, i) => {
    const row = shares[i] ?? null;
    if (row === null) return cells;
    const largest = Math.max(...row);
    const label = notes.labels[row.indexOf(largest)]!;
    counts[label]! += 1;
    const values = [label, rounded(largest), ...row.map(rounded)];
    return { ...cells, ...Object.fromEntries(added.map((name, k) => [name, values[k]])) };
  });
  writeWhole(output, (file) => {
    for (const line of tableLines(format, [...columns, ...added], filled)) writeAll(file, Buffer.from(line, "utf8"));
  });
  const empty = rows.filter(({ fields }) => fields === null).map(({ line }) => line);
  const cut = asked.filter((text) => text?.cut === true).length;
  return {
    path: output,
    rows: rows.length,
    counts,
    notices: [
      ...notices,
      ...(empty.length === 0 ? [] : [`rows without a text, which got no label: ${empty.length} (${listed(empty)})`]),
      ...(cut === 0 ? [] : [`texts longer than the model reads, which were shortened: ${cut}`]),
    ],
  };
}

/** The probabilities of all texts, in their order; the shortest are read first. */
async function classifyAll(
  classifier: ExportedClassifier,
  asked: readonly (AskedText | null)[],
  progress: NonNullable<PredictOptions["progress"]>,
): Promise<readonly (readonly number[] | null)[]> {
  const found: (readonly number[] | null)[] = asked.map(() => null);
  const order = [...asked.keys()]
    .filter((i) => asked[i] !== null)
    .sort((a, b) => asked[a]!.ids.length - asked[b]!.ids.length || a - b);
  const skipped = asked.length - order.length;
  progress(skipped, asked.length);
  for (let at = 0; at < order.length; at += BATCH) {
    const rows = order.slice(at, at + BATCH);
    const shares = await classifier.classify(rows.map((i) => asked[i]!));
    rows.forEach((i, k) => (found[i] = shares[k]!));
    progress(skipped + at + rows.length, asked.length);
  }
  return found;
}

function formatOf(output: string): TableFormat {
  switch (extname(output).toLowerCase()) {
    case ".csv":
      return "csv";
    case ".jsonl":
      return "json lines";
    default:
      return fail("output", "a .csv or .jsonl file", output);
  }
}

function newNames(names: readonly string[], columns: readonly string[]): readonly string[] {
  const taken = new Set(columns);
  return names.map((name) => {
    let free = name;
    for (let number = 2; taken.has(free); number++) free = `${name} ${number}`;
    taken.add(free);
    return free;
  });
}

/** fp32 knows no more digits. */
function rounded(share: number): number {
  return Number(share.toPrecision(6));
}

function listed(lines: readonly number[]): string {
  const shown = lines.slice(0, 5).join(", ");
  return `line ${shown}${lines.length > 5 ? " and more" : ""}`;
}

import { existsSync } from "node:fs";
import { basename, extname } from "node:path";
import { fail } from "../check/check";
import { readSplit, splitSamples } from "./read-directory";
import type { ReadSplit } from "./read-directory";
import type { FileLayout } from "./source";
import type { ClassificationTask, OwnFiles, Task } from "./task";
import type { SplitName } from "./source";

/** What a user says of a table of their own. */
export interface TableTaskOptions {
  /** A .csv, .tsv, .jsonl or .parquet file with column names. */
  readonly file: string;
  /** A second one to test on; default: every fourth row of each class of `file`. */
  readonly testFile?: string;
  /** The prompt, columns in braces: "{title} It was". With `<mask>` in it, it is for masked language models. */
  readonly template: string;
  /** The column of classes. */
  readonly label: string;
  /** For each class, as the column spells it, the word that follows the prompt, with its leading space where it has one. */
  readonly labelWords: Readonly<Record<string, string>>;
  /** Default: the file's name. */
  readonly name?: string;
}

/**
 * A task of the user's own: a table, a template, and a word for every class. An encoder reads the template's columns alone.
 * @throws when the file is not there or of another kind, the template names no column, or there are fewer than two classes
 * @example await openTask(tableTask({ file: "mail.csv", template: "{subject} It was", label: "spam", labelWords: { yes: " bad", no: " fine" } }))
 */
export function tableTask(options: TableTaskOptions): ClassificationTask {
  const { file, testFile = null, template, label, labelWords, name = basename(file) } = options;
  for (const path of [file, ...(testFile === null ? [] : [testFile])]) {
    if (!existsSync(path)) fail("file", "an existing file", path);
    layoutOf(path);
  }
  const columns = columnsOf(template);
  const labels = Object.keys(labelWords);
  if (labels.length < 2) fail("labelWords", "a word for each of at least two classes", labelWords);
  const words = Object.values(labelWords);
  const empty = words.findIndex((word) => typeof word !== "string" || word.trim() === "");
  if (empty >= 0) fail(`labelWords.${labels[empty]}`, "a word", words[empty]);
  const masks = template.split("<mask>").length - 1;
  if (masks > 1) fail("template", "one <mask>, or none", template);
  const [before, after] = template.split("<mask>").map(filler);
  return {
    kind: "classification",
    name,
    title: `${basename(file)}: ${label}`,
    fields: Object.fromEntries(columns.map((column) => [column, [column]])),
    labels,
    labelAliases: {},
    labelColumns: [label],
    masked:
      masks === 0
        ? null
        : {
            words,
            whole: true,
            parts: (fields) => [
              { special: "beginning" },
              before(fields),
              { special: "mask" },
              after(fields),
              { special: "end" },
            ],
            longest: 512,
          },
    causal: masks === 0 ? { words, prompt: before } : null,
    pooled: { text: (fields) => columns.map((column) => fields[column]).join(" ") },
    metric: "accuracy",
    further: ["macro f1"],
    testSplit: "test",
    directories: [],
    hub: null,
    samples: null,
    own: { train: file, test: testFile },
  };
}

const PLACE = /\{([^{}]*)\}/;

/** The columns that a template names, each once. */
function columnsOf(template: string): readonly string[] {
  const columns = template.split(PLACE).filter((_, i) => i % 2 === 1);
  if (columns.length === 0 || columns.some((column) => column.trim() === ""))
    fail("template", 'a text with columns in braces, for example "{title} It was"', template);
  return [...new Set(columns)];
}

/** A piece of a template as a function of the columns' texts. */
function filler(piece: string): (fields: Readonly<Record<string, string>>) => string {
  const parts = piece.split(PLACE);
  return (fields) => parts.map((part, i) => (i % 2 === 1 ? fields[part] : part)).join("");
}

function layoutOf(path: string): FileLayout {
  switch (extname(path).toLowerCase()) {
    case ".csv":
      return { format: "csv" };
    case ".tsv":
      return { format: "tsv" };
    case ".jsonl":
      return { format: "json lines" };
    case ".parquet":
      return { format: "parquet" };
    default:
      return fail("file", "a .csv, .tsv, .jsonl or .parquet file", basename(path));
  }
}

/** Reads a user's own files. @throws when one is faulty or has no such label column, with file and line */
export async function ownSplits(task: Task, { train, test }: OwnFiles): Promise<readonly ReadSplit[]> {
  const read = async (split: SplitName, path: string) =>
    (await readSplit(task, split, layoutOf(path), path, basename(path))) ??
    fail(`${basename(path)} line 1, header`, `a column ${labelOf(task)}`, "none");
  const all = await read("train", train);
  if (test !== null) return [all, await read("test", test)];
  const parts = splitSamples(task, all.examples);
  const notice = `${basename(train)}: every fourth row of each class is kept for the test split`;
  return [
    { ...all, examples: parts.train, notices: [...all.notices, notice] },
    { split: "test", examples: parts.test, bytes: [], notices: [] },
  ];
}

function labelOf(task: Task): string {
  return task.kind === "classification" && task.labelColumns ? task.labelColumns.join(" or ") : "label";
}

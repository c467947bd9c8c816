import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fail } from "../check/check";
import { knownOptions, namesOf } from "../check/known-options";
import { examplesOf, labelColumns } from "./example";
import { caseNotice, checkClasses, emptyNotice, few } from "./own-classes";
import type { TableTaskOptions } from "./own-options";
import { ownFormat, ownRows, requireOwn } from "./own-rows";
import { splitSamples } from "./read-directory";
import type { ReadSplit } from "./read-directory";
import { countClasses } from "./sample";
import type { SplitName } from "./source";
import type { ClassificationTask, Example, OwnFiles } from "./task";
import { textKeys } from "./text-key";

const OPTIONS = namesOf<TableTaskOptions>({
  file: true,
  testFile: true,
  template: true,
  label: true,
  labelWords: true,
  name: true,
});

/**
 * Makes a task of the user's own: a table, a template, and a word for every class. An encoder reads the template's columns alone.
 * For example `await openTask(tableTask({ file: "mail.csv", template: "{subject} It was", label: "spam", labelWords: { yes: " bad", no: " fine" } }))`.
 * @throws when the file is not there or of another kind, the template names no column, or there are fewer than two classes
 */
export function tableTask(options: TableTaskOptions): ClassificationTask {
  knownOptions("tableTask", options, OPTIONS);
  const { file, testFile = null, template, label, labelWords, name = basename(file) } = options;
  requireOwn({ file, testFile });
  const columns = columnsOf(template);
  if (columns.includes(label)) fail("template", `columns other than ${label}, the class's own`, template);
  const labels = Object.keys(labelWords);
  if (labels.length < 2) fail("labelWords", "a word for each of at least two classes", labelWords);
  checkClasses(labels);
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
    own: { train: file, test: testFile, declared: options },
  };
}

const PLACE = /\{([^{}]*)\}/;

/** Gives the columns that a template names, each once. @throws when there is none */
export function columnsOf(template: string): readonly string[] {
  const columns = template.split(PLACE).filter((_, i) => i % 2 === 1);
  if (columns.length === 0 || columns.some((column) => column.trim() === ""))
    fail("template", 'a text with columns in braces, for example "{title} It was"', template);
  return [...new Set(columns)];
}

/** Gives a piece of a template as a function of the columns' texts. */
export function filler(piece: string): (fields: Readonly<Record<string, string>>) => string {
  const parts = piece.split(PLACE);
  return (fields) => parts.map((part, i) => (i % 2 === 1 ? fields[part] : part)).join("");
}

/**
 * Reads a user's own files; the notices say what should be known of them (`ownRows`), which classes a split lacks, and which texts come
 * with two classes.
 * @throws when one is faulty or has no such column, with file and line
 */
export async function ownSplits(task: ClassificationTask, { train, test }: OwnFiles): Promise<readonly ReadSplit[]> {
  const read = async (split: SplitName, path: string): Promise<ReadSplit> => {
    const [file, bytes] = [basename(path), await readFile(path)];
    const { rows, notices } = await ownRows(task, ownFormat(path), bytes, file);
    const found = examplesOf(task, rows) ?? fail(file, `a class in column ${labelColumns(task).join(" or ")}`, "none");
    return {
      split,
      examples: found.examples,
      bytes: [bytes],
      notices: [...notices, ...twoClasses(task, file, found.examples)],
    };
  };
  const all = await read("train", train);
  const same = caseNotice(task.labels);
  if (test !== null)
    return [{ ...all, notices: [...same, ...all.notices] }, await read("test", test)].map(withCounts(task));
  const parts = splitSamples(task, all.examples);
  const notice = `${basename(train)}: every fourth row of each class is kept for the test split`;
  return [
    { ...all, examples: parts.train, notices: [...same, ...all.notices, notice] },
    { split: "test" as const, examples: parts.test, bytes: [], notices: [] },
  ].map(withCounts(task));
}

/** Says which classes a split has no rows of. */
function withCounts(task: ClassificationTask): (read: ReadSplit) => ReadSplit {
  return (read) => ({
    ...read,
    notices: [...read.notices, ...emptyNotice(read.split, task.labels, countClasses(task, read.examples))],
  });
}

/** What is said of texts that a file gives two classes. */
function twoClasses(task: ClassificationTask, file: string, examples: readonly Example[]): readonly string[] {
  const keyOf = textKeys();
  const first = new Map<string, Example>();
  const lines: string[] = [];
  for (const example of examples) {
    const known = first.get(keyOf(example));
    if (known === undefined) first.set(keyOf(example), example);
    else if (known.label !== example.label)
      lines.push(
        `${example.where.line} (${task.labels[example.label]}; line ${known.where.line}: ${task.labels[known.label]})`,
      );
  }
  return lines.length === 0
    ? []
    : [`${file}: ${lines.length} texts come again with another class, in line ${few(lines, 3)}`];
}

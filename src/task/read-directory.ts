import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fail, unreachable } from "../check/check";
import { examplesOf, labelColumns } from "./example";
import { readRows } from "./read-rows";
import type { DirectorySource, FileLayout, Gap, SplitName } from "./source";
import { classNames, classOf } from "./task";
import { splitNames } from "./source";
import type { Example, Task } from "./task";

/** One split as it was read, and the bytes of the files it came from. */
export interface ReadSplit {
  readonly split: SplitName;
  readonly examples: readonly Example[];
  readonly bytes: readonly Uint8Array[];
  /** What the reader should know of it. */
  readonly notices: readonly string[];
}

/**
 * Gives the distribution of a task in a data directory: the one asked for, else the first that is complete (train and what the literature
 * reports on), else the first whose train file or folder is there; undefined where the directory has no folder of the task.
 * @throws when the task has no such variant
 */
export function findDistribution(task: Task, directory: string, variant?: string): DirectorySource | undefined {
  const chosen = task.directories.filter((source) => variant === undefined || source.variant === variant);
  if (chosen.length === 0 && variant !== undefined)
    fail("variant", `one of ${task.directories.map((s) => s.variant).join(", ")}`, variant);
  const has = ({ folder }: DirectorySource, file: string | undefined) =>
    file !== undefined && existsSync(join(directory, folder, file));
  return (
    chosen.find((source) => {
      const { files, gap } = source;
      return has(source, files.train) && (gap?.kind === "cut" || has(source, files[task.testSplit]));
    }) ??
    chosen.find((source) => has(source, source.files.train)) ??
    chosen.find(({ folder }) => existsSync(join(directory, folder)))
  );
}

/**
 * Reads all labelled splits of a distribution. Train and the task's test split must be there, or be cut from train where the
 * source says so.
 * @throws when one of them is missing or not labelled, or a file is faulty, with file and line
 */
export async function readDistribution(
  task: Task,
  directory: string,
  source: DirectorySource,
): Promise<readonly ReadSplit[]> {
  const { folder, files, gap } = source;
  const read: ReadSplit[] = [];
  for (const split of splitNames) {
    const name = files[split];
    const needed = split === "train" || split === task.testSplit;
    if (name === undefined) continue;
    const file = `${folder}/${name}`;
    const path = join(directory, folder, name);
    if (!existsSync(path)) {
      if (needed) fail(`split ${split} of ${task.name}`, `a file ${file} in ${directory}`, "no such file");
      continue;
    }
    const found = await readSplit(task, split, source, path, file);
    if (found !== null) read.push(found);
    else if (needed) notLabelled(task, file);
  }
  return gap === undefined ? read : filled(task, read, gap);
}

/** Reads one file as a split. @returns null where it has no labels */
export async function readSplit(
  task: Task,
  split: SplitName,
  layout: FileLayout,
  path: string,
  file: string,
): Promise<ReadSplit | null> {
  const bytes = await readFile(path);
  const rows = await readRows(layout, bytes, file, split);
  const read = examplesOf(task, rows);
  if (read === null) return null;
  const { examples, unlabelled } = read;
  const notices = [
    ...(rows.short > 0 ? [`${file}: ${rows.short} lines with too few cells left out`] : []),
    ...(unlabelled > 0 ? [`${file}: ${unlabelled} rows without a label or an answer left out`] : []),
  ];
  return { split, examples, bytes: [bytes], notices };
}

function notLabelled(task: Task, file: string): never {
  const names = task.kind === "classification" ? labelColumns(task).join(" or ") : "answers";
  return fail(`${file} line 1, header`, `a column ${names}`, "none");
}

/** What a source's gap does to its splits. */
function filled(task: Task, read: readonly ReadSplit[], { kind, field, notice }: Gap): readonly ReadSplit[] {
  const [train, ...others] = read;
  const noticed = { ...train, notices: [notice, ...train.notices] };
  switch (kind) {
    case "cut": {
      const values = [...new Set(train.examples.map(({ fields }) => fields[field]))];
      const held = new Set(values.filter((_, i) => i % 3 === 2));
      const isHeld = ({ fields }: Example) => held.has(fields[field]);
      const rest = train.examples.filter((example) => !isHeld(example));
      const test = { split: task.testSplit, examples: train.examples.filter(isHeld), bytes: [], notices: [] };
      return [{ ...noticed, examples: rest }, ...others, test];
    }
    case "disjoint": {
      const tested = others.find(({ split }) => split === task.testSplit)?.examples ?? [];
      const held = new Set(tested.map(({ fields }) => fields[field]));
      const rest = train.examples.filter(({ fields }) => !held.has(fields[field]));
      const dropped = train.examples.length - rest.length;
      const notices = [...noticed.notices, `${dropped} train examples left out: their ${field} is in the test split`];
      return [{ ...noticed, examples: rest, notices }, ...others];
    }
    case "smaller":
      return [noticed, ...others];
    default:
      return unreachable(kind);
  }
}

/** Reads the project's own sample texts of a task and splits them. @throws when the file is faulty, with file and line */
export async function readSamples(task: Task, directory: string, samples: string): Promise<readonly ReadSplit[]> {
  const read = await readSplit(task, "train", { format: "tsv" }, join(directory, samples), samples);
  if (read === null) return notLabelled(task, samples);
  const { train, test } = splitSamples(task, read.examples);
  return [
    { ...read, examples: train },
    { split: task.testSplit, examples: test, bytes: [], notices: [] },
  ];
}

/**
 * Splits sample texts without a seed: of each class, in the file's order, every fourth goes to the test split.
 * For example `splitSamples(trec, fiveQuestionsOfOneClass).test.length`: 1.
 */
export function splitSamples(
  task: Task,
  examples: readonly Example[],
): { readonly train: readonly Example[]; readonly test: readonly Example[] } {
  const met = new Array<number>(classNames(task).length).fill(0);
  const inTest = examples.map((example) => ++met[classOf(task, example)] % 4 === 0);
  return { train: examples.filter((_, i) => !inTest[i]), test: examples.filter((_, i) => inTest[i]) };
}

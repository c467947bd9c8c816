import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../check/check";
import { decodeText, readLabelledLines, readTable } from "./read-text";
import { splitNames } from "./task";
import type { DirectorySource, Example, SplitName, Task } from "./task";

/** One split as it was read, and the bytes of the files it came from. */
export interface ReadSplit {
  readonly split: SplitName;
  readonly examples: readonly Example[];
  readonly bytes: readonly Uint8Array[];
}

/**
 * The distribution of a task in a data directory: the one asked for, else the first whose train file is there; undefined where
 * the directory has no folder of the task.
 * @throws when the task has no such variant
 */
export function findDistribution(task: Task, directory: string, variant?: string): DirectorySource | undefined {
  const chosen = task.directories.filter((source) => variant === undefined || source.variant === variant);
  if (chosen.length === 0) fail("variant", `one of ${task.directories.map((s) => s.variant).join(", ")}`, variant);
  const complete = chosen.find(({ folder, files }) => existsSync(join(directory, folder, files.train)));
  return complete ?? chosen.find(({ folder }) => existsSync(join(directory, folder)));
}

/**
 * Reads all labelled splits of a distribution. Train and the task's test split must be there.
 * @throws when one of them is missing or not labelled, or a file is faulty, with file and line
 */
export async function readDistribution(
  task: Task,
  directory: string,
  { folder, files, format }: DirectorySource,
): Promise<readonly ReadSplit[]> {
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
    const bytes = await readFile(path);
    const text = decodeText(bytes);
    const examples = format === "table" ? readTable(task, text, file) : readLabelledLines(task, text, file);
    if (examples !== null) read.push({ split, examples, bytes: [bytes] });
    else if (needed) fail(`${file} line 1, header`, "a column label", text.split("\n")[0]);
  }
  return read;
}

/** Reads the project's own sample texts of a task and splits them. @throws when the file is faulty, with file and line */
export async function readSamples(task: Task, directory: string): Promise<readonly ReadSplit[]> {
  const bytes = await readFile(join(directory, task.samples));
  const text = decodeText(bytes);
  const examples =
    readTable(task, text, task.samples) ??
    fail(`${task.samples} line 1, header`, "a column label", text.split("\n")[0]);
  const { train, test } = splitSamples(task, examples);
  return [
    { split: "train", examples: train, bytes: [bytes] },
    { split: task.testSplit, examples: test, bytes: [] },
  ];
}

/**
 * Splits sample texts without a seed: of each class, in the file's order, every fourth goes to the test split.
 * @example splitSamples(trec, fiveQuestionsOfOneClass).test.length // 1
 */
export function splitSamples(
  task: Task,
  examples: readonly Example[],
): { readonly train: readonly Example[]; readonly test: readonly Example[] } {
  const met = new Array<number>(task.labels.length).fill(0);
  const inTest = examples.map(({ label }) => ++met[label] % 4 === 0);
  return { train: examples.filter((_, i) => !inTest[i]), test: examples.filter((_, i) => inTest[i]) };
}

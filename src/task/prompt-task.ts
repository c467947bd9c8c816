import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fail, positiveInteger } from "../check/check";
import { knownOptions, namesOf } from "../check/known-options";
import { place, textsOf } from "./example";
import { columnsOf, filler } from "./own-table";
import { ownFormat, requireOwn, tableRows } from "./own-rows";
import { splitSamples } from "./read-directory";
import type { ReadSplit } from "./read-directory";
import { cellOf } from "./row";
import type { Row } from "./row";
import type { SplitName } from "./source";
import type { Example, GenerationTask } from "./task";

/** What a user says of prompts of their own, which the model continues. */
export interface PromptTaskOptions {
  /** A .csv, .tsv, .jsonl or .parquet file with column names. */
  readonly file: string;
  /** A second one to test on; default: every fourth row of `file`. */
  readonly testFile?: string;
  /** The prompt, columns in braces: "Say something about {topic}.\nAnswer:". */
  readonly template: string;
  /** The column of an example answer, or of a list of accepted ones: what the loss is of, and what a metric compares with. */
  readonly answer: string;
  /** Further columns that a reward sees in its row. */
  readonly columns?: readonly string[];
  /** Text that ends an answer; default a line's end. */
  readonly stop?: string;
  /** Most new tokens of an answer; default 32. */
  readonly newTokens?: number;
  /** Default: the file's name. */
  readonly name?: string;
}

const OPTIONS = namesOf<PromptTaskOptions>({ file: true, testFile: true, template: true, answer: true, columns: true, stop: true, newTokens: true, name: true }); // prettier-ignore

/**
 * Makes a task of a user's own prompts: a causal language model continues them, and a metric or a reward judges what it writes; the loss is that of the
 * example answers' tokens.
 * For example `await openTask(promptTask({ file: "data/samples/asked.jsonl", template: "Use the word {word}.\nAnswer:", answer: "answer" }))`.
 * @throws when a file is not there or of another kind, or the template names no column
 */
export function promptTask(options: PromptTaskOptions): GenerationTask {
  knownOptions("promptTask", options, OPTIONS);
  for (const needed of ["file", "template", "answer"] as const)
    if (typeof options[needed] !== "string" || options[needed] === "") fail(needed, "a text", options[needed]);
  const { file, testFile = null, template, answer, columns = [], stop = "\n", newTokens = 32 } = options;
  if (!Array.isArray(columns)) fail("columns", "a list of column names", columns);
  const { name = basename(file) } = options;
  requireOwn({ file, testFile });
  if (typeof stop !== "string" || stop === "") fail("stop", "a text", stop);
  const inTemplate = columnsOf(template);
  if (inTemplate.includes(answer)) fail("template", `columns other than ${answer}, the answer's own`, template);
  const fill = filler(template);
  return {
    kind: "generation",
    name,
    title: `${basename(file)}: ${answer}`,
    fields: Object.fromEntries([...new Set([...inTemplate, ...columns])].map((column) => [column, [column]])),
    answers: [answer],
    prompt: ({ fields }) => fill(fields),
    answer: ({ answers = [] }) => ` ${answers[0]}${stop}`,
    stop,
    newTokens: positiveInteger("newTokens", newTokens),
    metric: "token f1",
    further: ["exact match"],
    testSplit: "test",
    directories: [],
    hub: null,
    samples: null,
    own: { train: file, test: testFile, declared: null },
  };
}

/**
 * Reads the prompts of a user's own files.
 * @throws when one is empty or damaged, or a row lacks a column or an answer, with file and line
 */
export async function promptSplits(task: GenerationTask): Promise<readonly ReadSplit[]> {
  const { train, test } = task.own ?? fail(`task ${task.name}`, "a task of one's own", "a published one");
  const read = async (split: SplitName, path: string): Promise<ReadSplit> => {
    const [file, bytes] = [basename(path), await readFile(path)];
    const { rows, notices } = await tableRows(ownFormat(path), bytes, file);
    if (rows.rows.length === 0) fail(file, "prompts", "none");
    return { split, examples: rows.rows.map((row) => exampleOf(task, row)), bytes: [bytes], notices };
  };
  const all = await read("train", train);
  if (test !== null) return [all, await read("test", test)];
  const parts = splitSamples(task, all.examples);
  const notice = `${basename(train)}: every fourth prompt is kept for the test split`;
  return [
    { ...all, examples: parts.train, notices: [...all.notices, notice] },
    { split: "test", examples: parts.test, bytes: [], notices: [] },
  ];
}

function exampleOf(task: GenerationTask, row: Row): Example {
  const cell = cellOf(row, task.answers);
  const answers = (Array.isArray(cell) ? (cell as readonly unknown[]) : [cell]).map((one) =>
    typeof one === "string" && one.trim() !== ""
      ? one.trim()
      : fail(`${place(row.where)}, ${task.answers.join(" or ")}`, "a text, or a list of texts", cell),
  );
  if (answers.length === 0) fail(`${place(row.where)}, ${task.answers.join(" or ")}`, "at least one text", "none");
  return { fields: textsOf(task, row), label: 0, answers: [...new Set(answers)], where: row.where };
}

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../check/check";
import { hubFiles } from "./hub-files";
import type { HubFile } from "./hub-files";
import { readParquet } from "./read-parquet";
import { decodeText, readLabelledLines, readTable } from "./read-text";
import { splitNames } from "./task";
import type { DirectorySource, Example, SplitName, Task } from "./task";
import { taskNamed } from "./tasks";

/** A task's labelled texts; a split that the source does not have, or has without labels, is null. */
export interface LoadedTask {
  readonly task: Task;
  readonly splits: Readonly<Record<SplitName, readonly Example[] | null>>;
  readonly origin: Origin;
  /** What the reader of an output should know: one line for each source that was tried and not used. */
  readonly notices: readonly string[];
}

/** Which data was used. */
export interface Origin {
  readonly kind: "directory" | "hub" | "samples";
  /** For a figure's caption, for example "TREC from the hub, CogComp/trec (train 5452, test 500)". Names no local path. */
  readonly description: string;
  /** sha256 of the bytes of the files used, one after another (train, validation, test). */
  readonly hash: string;
}

export interface LoadOptions {
  /** A folder with the original distributions in sub-folders (`SST-2/train.tsv`, `TREC/TREC.train.all`). */
  readonly dataDirectory?: string | undefined;
  /** "auto": the public hub; "off": none; else the address of one. Default "auto". */
  readonly hub?: string | undefined;
  /** The project's own samples. Default "data/samples". */
  readonly samplesDirectory?: string | undefined;
  /** Which distribution in the data directory, by the task's own names (SST-2: "phrases", "sentences"); default the first there is. */
  readonly variant?: string | undefined;
  /** How long the hub may take to answer. Default 3000. */
  readonly hubAnswerMs?: number | undefined;
}

/**
 * Loads a task from the first of: the data directory, the hub, the samples.
 * A source that does not have the task is passed over with a notice; one that has it with a fault in it is an error.
 * @throws when the data directory does not exist, a file is missing or faulty (with file and line), or no source has the task
 */
export async function loadTask(name: string, options: LoadOptions = {}): Promise<LoadedTask> {
  const task = taskNamed(name);
  const notices: string[] = [];
  const { dataDirectory, hub = "auto", samplesDirectory = "data/samples", variant, hubAnswerMs } = options;
  if (dataDirectory !== undefined) {
    if (!existsSync(dataDirectory)) fail("dataDirectory", "an existing folder", dataDirectory);
    const source = directorySource(task, dataDirectory, variant);
    if (source)
      return loaded(task, notices, "directory", source.variant, await readDirectory(task, dataDirectory, source));
    const folders = [...new Set(task.directories.map(({ folder }) => folder))].join(" or ");
    notices.push(`data directory: no folder ${folders} with files of ${task.name}; trying the hub`);
  }
  if (hub !== "off") {
    const endpoint = hub === "auto" ? "https://huggingface.co" : hub;
    const files = await tryHub(task, endpoint, hubAnswerMs, notices);
    if (files) return loaded(task, notices, "hub", task.hub.repository, await readHub(task, files));
  }
  const source = samplesSource(task);
  if (!existsSync(join(samplesDirectory, source.files.train)))
    fail(
      `data for ${task.name}`,
      "a data directory, a hub or samples",
      [...notices, `no ${source.files.train} in samples`].join("; "),
    );
  return loaded(
    task,
    notices,
    "samples",
    "written for this project",
    await readDirectory(task, samplesDirectory, source),
  );
}

/** The samples' files: `trec.train.tsv`, `trec.test.tsv`, with columns label and question (or sentence). */
export function samplesSource(task: Task): DirectorySource {
  const files = { train: `${task.name}.train.tsv`, [task.testSplit]: `${task.name}.test.tsv` };
  return { variant: "samples", folder: ".", format: "table", files };
}

interface ReadSplit {
  readonly split: SplitName;
  readonly examples: readonly Example[] | null;
  readonly bytes: readonly Uint8Array[];
}

/** The distribution to read: the one asked for, else the first with its train file there. */
function directorySource(task: Task, directory: string, variant: string | undefined): DirectorySource | undefined {
  const chosen = task.directories.filter((source) => variant === undefined || source.variant === variant);
  if (chosen.length === 0) fail("variant", `one of ${task.directories.map((s) => s.variant).join(", ")}`, variant);
  const complete = chosen.find(({ folder, files }) => existsSync(join(directory, folder, files.train)));
  return complete ?? chosen.find(({ folder }) => existsSync(join(directory, folder)));
}

async function readDirectory(task: Task, directory: string, source: DirectorySource): Promise<readonly ReadSplit[]> {
  const needed: readonly SplitName[] = ["train", task.testSplit];
  const read: ReadSplit[] = [];
  for (const split of splitNames) {
    const name = source.files[split];
    if (name === undefined) continue;
    const file = source.folder === "." ? name : `${source.folder}/${name}`;
    const path = join(directory, source.folder, name);
    if (!existsSync(path)) {
      if (needed.includes(split))
        fail(`split ${split} of ${task.name}`, `a file ${file} in ${directory}`, "no such file");
      continue;
    }
    const bytes = await readFile(path);
    const text = decodeText(bytes);
    const reader = source.format === "table" ? readTable : readLabelledLines;
    const examples = reader(task, text, file);
    if (examples === null && needed.includes(split))
      fail(`${file} line 1, header`, "a column label", text.split("\n")[0]);
    if (examples !== null) read.push({ split, examples, bytes: [bytes] });
  }
  return read;
}

async function tryHub(task: Task, endpoint: string, answerMs: number | undefined, notices: string[]) {
  try {
    return await hubFiles(task, { endpoint, ...(answerMs === undefined ? {} : { answerMs }) });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    notices.push(`hub ${endpoint}: ${task.hub.repository} not read (${reason}); using the samples`);
    return null;
  }
}

async function readHub(task: Task, files: readonly HubFile[]): Promise<readonly ReadSplit[]> {
  const read: ReadSplit[] = [];
  for (const split of task.hub.splits) {
    const parts = files.filter((file) => file.split === split);
    const examples: Example[] = [];
    for (const { path, bytes } of parts)
      examples.push(...(await readParquet(task, bytes, `${task.hub.repository}/${path}`)));
    read.push({ split, examples, bytes: parts.map(({ bytes }) => bytes) });
  }
  return read;
}

function loaded(
  task: Task,
  notices: readonly string[],
  kind: Origin["kind"],
  source: string,
  read: readonly ReadSplit[],
): LoadedTask {
  const hash = createHash("sha256");
  read.forEach(({ bytes }) => bytes.forEach((part) => hash.update(part)));
  const find = (split: SplitName) => read.find((part) => part.split === split)?.examples ?? null;
  const counts = read.map(({ split, examples }) => `${split} ${examples?.length ?? 0}`).join(", ");
  const from = { directory: "the data directory", hub: "the hub", samples: "the samples" }[kind];
  const description = `${task.name} from ${from}, ${source} (${counts})`;
  return {
    task,
    splits: { train: find("train"), validation: find("validation"), test: find("test") },
    origin: { kind, description, hash: hash.digest("hex") },
    notices,
  };
}

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fail, unreachable } from "../check/check";
import { messageOf } from "../check/error-words";
import { chatSplits } from "./chat-rows";
import { hubFiles } from "./hub-files";
import type { HubFile, HubFilesOptions } from "./hub-files";
import type { LoadedTask, Origin } from "./loaded-task";
import { ownSplits } from "./own-table";
import { promptSplits } from "./prompt-task";
import { findDistribution, readDistribution, readSamples } from "./read-directory";
import type { ReadSplit } from "./read-directory";
import { readParquet } from "./read-parquet";
import type { HubSource, SplitName } from "./source";
import { splitNames } from "./source";
import type { Example, Task } from "./task";
import { taskNamed } from "./tasks";

export interface LoadOptions {
  /** A folder with the original distributions in sub-folders (`SST-2/train.tsv`, `TREC/TREC.train.all`). */
  readonly dataDirectory?: string | undefined;
  /** The hub, as for models; default "off": none. */
  readonly hub?: HubFilesOptions | "off" | undefined;
  /** The project's own samples. Default "data/samples". */
  readonly samplesDirectory?: string | undefined;
  /** Which distribution in the data directory, by the task's own names (SST-2: "phrases", "sentences"); default the first there is. */
  readonly variant?: string | undefined;
}

/**
 * Loads a task, by its name or as it is declared, from the first of: the user's own files (`tableTask`, `chatTask`, `promptTask`), the data directory, the hub,
 * the samples. A source that does not have the task is passed over with a notice; one that has it with a fault in it is an error.
 * @throws when the data directory does not exist, a file is missing or faulty (with file and line), or no source has the task
 * @example (await loadTask("trec", { hub: "off" })).origin.kind // "samples"
 */
export async function loadTask(which: string | Task, options: LoadOptions = {}): Promise<LoadedTask> {
  const task = typeof which === "string" ? taskNamed(which) : which;
  const { dataDirectory, hub = "off", samplesDirectory = "data/samples", variant } = options;
  const notices: string[] = [];
  if (task.kind === "classification" && task.own)
    return loaded(task, notices, { kind: "own", source: null, read: await ownSplits(task, task.own) });
  if (task.kind === "generation" && task.own)
    return loaded(task, notices, { kind: "own", source: null, read: await promptSplits(task) });
  if (task.kind === "chat") return loaded(task, notices, { kind: "own", source: null, read: await chatSplits(task) });
  if (dataDirectory !== undefined) {
    if (!existsSync(dataDirectory)) fail("dataDirectory", "an existing folder", dataDirectory);
    const source = findDistribution(task, dataDirectory, variant);
    if (source) {
      const read = await readDistribution(task, dataDirectory, source);
      return loaded(task, notices, { kind: "directory", source: source.variant, read });
    }
    const folders = [...new Set(task.directories.map(({ folder }) => folder))].join(" or ");
    notices.push(`data directory: no folder ${folders} for ${task.name} in ${dataDirectory}`);
  }
  if (hub !== "off" && task.hub !== null) {
    const files = await hubFiles(task.hub, hub).catch(messageOf);
    if (typeof files !== "string") {
      const read = await readHub(task, task.hub, files);
      return loaded(task, notices, { kind: "hub", source: task.hub.repository, read });
    }
    notices.push(`hub ${hub.offline === true ? "offline" : hub.endpoint}: ${task.hub.repository} not read (${files})`);
  }
  if (task.samples === null || !existsSync(join(samplesDirectory, task.samples))) {
    const missing = task.samples === null ? "no samples of it" : `no file ${task.samples} in ${samplesDirectory}`;
    const tried = [...notices, missing].join("; ");
    throw new Error(`data for ${task.name}: expected a data directory, a hub or samples, got none (${tried})`);
  }
  const read = await readSamples(task, samplesDirectory, task.samples);
  return loaded(task, notices, { kind: "samples", source: "written for this project", read });
}

async function readHub(task: Task, source: HubSource, files: readonly HubFile[]): Promise<readonly ReadSplit[]> {
  const read: ReadSplit[] = [];
  for (const split of splitNames) {
    const parts = files.filter((file) => file.split === split);
    if (parts.length === 0) continue;
    const examples: Example[] = [];
    let unlabelled = 0;
    for (const { path, bytes } of parts) {
      const found = await readParquet(task, source, bytes, `${source.repository}/${path}`);
      for (const example of found.examples) examples.push(example);
      unlabelled += found.unlabelled;
    }
    const notices = unlabelled > 0 ? [`${split}: ${unlabelled} rows without a label or an answer left out`] : [];
    read.push({ split, examples, bytes: parts.map(({ bytes }) => bytes), notices });
  }
  return read;
}

function loaded(
  task: Task,
  notices: readonly string[],
  {
    kind,
    source,
    read,
  }: { readonly kind: Origin["kind"]; readonly source: string | null; readonly read: readonly ReadSplit[] },
): LoadedTask {
  const hash = createHash("sha256");
  read.forEach(({ bytes }) => bytes.forEach((part) => hash.update(part)));
  const find = (split: SplitName) => read.find((part) => part.split === split)?.examples ?? null;
  const counts = read.map(({ split, examples }) => `${split} ${examples.length}`).join(", ");
  const description = `${task.name} from ${[placeName(kind), ...(source === null ? [] : [source])].join(", ")} (${counts})`;
  return {
    task,
    splits: { train: find("train"), validation: find("validation"), test: find("test") },
    origin: { kind, description, hash: hash.digest("hex") },
    notices: [...notices, ...read.flatMap((part) => part.notices)],
  };
}

function placeName(kind: Origin["kind"]): string {
  switch (kind) {
    case "directory":
      return "the data directory";
    case "hub":
      return "the hub";
    case "samples":
      return "the samples";
    case "own":
      return "a table of the user's own";
    default:
      return unreachable(kind);
  }
}

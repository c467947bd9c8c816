import { describe } from "../weights/hub-fetch";
import type { HubSource } from "./source";
import { splitNames } from "./source";
import type { SplitName } from "./source";

/** One file as it came from the hub. */
export interface HubFile {
  readonly split: SplitName;
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface HubOptions {
  /** For example "https://huggingface.co". */
  readonly endpoint: string;
  /** How long a request may wait for its first answer. Default 3000. */
  readonly answerMs?: number | undefined;
  /** How long everything together may take. Default 60000. */
  readonly totalMs?: number | undefined;
}

/** Where a dataset's parquet files are: the hub's own conversion of any dataset, or the repository itself. */
const revisions = ["refs/convert/parquet", "main"] as const;

/**
 * Downloads the parquet files of a task's labelled splits: `{configuration}/{split}/*.parquet` of the branch refs/convert/parquet, else
 * `{configuration}/{split}-*.parquet` of main. Several files of a split come in the order of their names.
 * @throws when the hub does not answer in time, answers with an error, or has no such files
 */
export async function hubFiles(source: HubSource, options: HubOptions): Promise<readonly HubFile[]> {
  const { downloadFile, listFiles } = await import("@huggingface/hub");
  const { endpoint, answerMs = 3000, totalMs = 60000 } = options;
  const patience = impatientFetch(answerMs, totalMs);
  const repo = { type: "dataset", name: source.repository } as const;
  const shared = { repo, hubUrl: endpoint, fetch: patience.fetch };
  try {
    let reason = "";
    for (const revision of revisions) {
      const listed: string[] = [];
      try {
        for await (const entry of listFiles({ ...shared, revision, path: source.configuration, recursive: true }))
          if (entry.type === "file") listed.push(entry.path);
      } catch (error) {
        if (!isNotFound(error)) throw error;
        reason = `, revision ${revision}: not found`;
        continue;
      }
      const wanted = chooseFiles(source, listed);
      if (wanted === null) continue;
      const files: HubFile[] = [];
      for (const { split, path } of wanted) {
        const blob = await downloadFile({ ...shared, revision, path, xet: false });
        if (blob === null) throw new Error(`${path}: expected a file, got nothing`);
        files.push({ split, path, bytes: new Uint8Array(await blob.arrayBuffer()) });
      }
      return files;
    }
    throw new Error(`${source.repository}: expected parquet files of ${source.configuration}, got none${reason}`);
  } catch (error) {
    throw new Error(patience.expired() ?? describe(error));
  } finally {
    patience.stop();
  }
}

/**
 * The files of each labelled split among a listing, in order; null where a split has none.
 * @example chooseFiles(sst2.hub, ["sst2/train/0000.parquet", "sst2/validation/0000.parquet", "sst2/test/0000.parquet"])
 *   // [{ split: "train", path: "sst2/train/0000.parquet" }, { split: "validation", path: "sst2/validation/0000.parquet" }]
 */
export function chooseFiles(
  { configuration, splits }: HubSource,
  listed: readonly string[],
): readonly { readonly split: SplitName; readonly path: string }[] | null {
  const groups = splitNames.flatMap((split) => {
    const name = splits[split];
    if (name === undefined) return [];
    const starts = [`${configuration}/${name}/`, `${configuration}/${name}-`];
    const paths = listed.filter((path) => path.endsWith(".parquet") && starts.some((start) => path.startsWith(start)));
    return [[...paths].sort().map((path) => ({ split, path }))];
  });
  return groups.every((group) => group.length > 0) ? groups.flat() : null;
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && "statusCode" in error && error.statusCode === 404;
}

/** A fetch that gives up: on a request without an answer after `answerMs`, and on everything after `totalMs`. */
function impatientFetch(answerMs: number, totalMs: number) {
  const controller = new AbortController();
  let expired: string | null = null;
  const giveUp = (reason: string) => () => {
    expired = reason;
    controller.abort(new Error(reason));
  };
  const whole = setTimeout(giveUp(`not finished within ${totalMs / 1000} s`), totalMs);
  const impatient: typeof fetch = async (input, init) => {
    const timer = setTimeout(giveUp(`no answer within ${answerMs / 1000} s`), answerMs);
    try {
      return await fetch(input, { ...init, signal: controller.signal });
    } finally {
      clearTimeout(timer);
    }
  };
  return { fetch: impatient, expired: () => expired, stop: () => clearTimeout(whole) };
}

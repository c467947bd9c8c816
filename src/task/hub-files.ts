import { readFileSync } from "node:fs";
import { messageOf } from "../check/error-words";
import { hubSnapshot } from "../weights/hub";
import type { HubOptions, HubSettings } from "../weights/hub";
import { HubNotFound } from "../weights/hub-fetch";
import type { HubSource, SplitName } from "./source";
import { splitNames } from "./source";

/** One file as it came from the hub. */
export interface HubFile {
  readonly split: SplitName;
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface HubFilesOptions extends HubSettings {
  /** How long everything together may take. Default 60000. */
  readonly totalMs?: number | undefined;
  readonly on?: HubOptions["on"];
}

/** Where a dataset's parquet files are: the hub's own conversion of any dataset, or the repository itself. */
const revisions = ["refs/convert/parquet", "main"] as const;

/**
 * Gives the parquet files of a task's labelled splits, from the hub or the cache that models have too (`hubSnapshot`):
 * `{configuration}/{split}/*.parquet` of the branch refs/convert/parquet, else `{configuration}/{split}-*.parquet` of main. Several files
 * of a split come in the order of their names.
 * @throws when the hub does not answer in time, answers with an error, or has no such files, and the cache does not have them
 */
export async function hubFiles(source: HubSource, options: HubFilesOptions): Promise<readonly HubFile[]> {
  const { totalMs = 60_000, answerMs = 3000, attempts = 2, signal } = options;
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(new Error(`not finished within ${totalMs / 1000} s`)), totalMs);
  const repo = { type: "dataset", name: source.repository } as const;
  const choose = (listed: readonly string[]): readonly string[] | null =>
    chooseFiles(source, listed)?.map(({ path }) => path) ?? null;
  const failures = new Set<string>();
  let { offline } = options;
  try {
    for (const revision of revisions) {
      const asked = { ...options, answerMs, attempts, offline, revision };
      try {
        const both = signal === undefined ? patience.signal : AbortSignal.any([signal, patience.signal]);
        const { paths, files } = await hubSnapshot(repo, choose, { ...asked, signal: both });
        return (chooseFiles(source, paths) ?? []).map((file) => ({
          ...file,
          bytes: new Uint8Array(readFileSync(files[paths.indexOf(file.path)]!)),
        }));
      } catch (error) {
        signal?.throwIfAborted();
        failures.add(messageOf(error));
        // Without an answer there is only the cache, which may have the other branch.
        if (!(error instanceof HubNotFound)) offline = true;
      }
    }
  } finally {
    clearTimeout(timer);
  }
  const [first = ""] = failures;
  const where = `parquet files of ${source.configuration} at ${revisions.join(" or ")}`;
  throw new Error(`${source.repository}: expected ${where}, got none: ${first}`);
}

/**
 * Gives the files of each labelled split among a listing, in order; null where a split has none, or lacks a part of several.
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
  return groups.every((group) => group.length > 0 && isWhole(group.map(({ path }) => path))) ? groups.flat() : null;
}

/** Whether no part is missing, where names tell: 0000, 0001, ... or train-00000-of-00002, ...: a cache may have the first ones alone. */
function isWhole(paths: readonly string[]): boolean {
  return paths.every((path, i) => {
    const [, number, , count = String(paths.length)] = /(\d{4,})(-of-(\d+))?\.parquet$/.exec(path) ?? [];
    return number === undefined || (Number(number) === i && Number(count) === paths.length);
  });
}

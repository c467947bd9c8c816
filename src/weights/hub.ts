import { existsSync, readdirSync, statfsSync, statSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fail } from "../check/check";
import { nearestHint } from "../check/nearest";
import {
  cachedCommit,
  cachedFile,
  isCommit,
  linkBlob,
  rememberCommit,
  repositoryFolder,
  safePath,
  type HubRepository,
} from "./hub-cache";
import { describe, hubFetch, HubNotFound, HubUnreachable, type HubConnection } from "./hub-fetch";
import { transfer, type Content } from "./hub-transfer";
import { formatBytes } from "./memory";
import { chooseModelFiles } from "./model-files";

export interface HubSettings extends HubConnection {
  /** The cache that Hugging Face's libraries share, for example "~/.cache/huggingface/hub" written out. */
  readonly cacheDirectory: string;
  /** Only what is in the cache: no request is made. */
  readonly offline?: boolean | undefined;
}

export interface HubOptions extends HubSettings {
  /** Branch, tag or commit. Default "main". */
  readonly revision?: string | undefined;
  /** Which GGUF file of several, by a part of its name. */
  readonly gguf?: string | undefined;
  /** How long a connection may be silent in the middle of a file. Default 30000. */
  readonly silenceMs?: number | undefined;
  readonly on?: ((event: HubEvent) => void) | undefined;
}

/** What happens during a download. `bytes` counts what is there of all files, cached ones included. */
export type HubEvent =
  | {
      readonly kind: "progress";
      readonly path: string;
      readonly bytes: number;
      readonly total: number;
      readonly bytesPerSecond: number;
    }
  | { readonly kind: "file"; readonly path: string; readonly place: string; readonly cached: boolean }
  | { readonly kind: "retry"; readonly path: string | null; readonly reason: string; readonly waitMs: number }
  | { readonly kind: "unreachable"; readonly reason: string };

/** A repository's files in the cache. */
export interface HubSnapshot {
  readonly folder: string;
  readonly commit: string;
  /** Local paths, in the order asked for. */
  readonly files: readonly string[];
}

/**
 * One file of a repository, from the cache or the hub.
 * @example await hubFile("org/name", "config.json", { endpoint, cacheDirectory })
 * @throws as `hubSnapshot` does
 */
export async function hubFile(repository: string | HubRepository, path: string, options: HubOptions): Promise<string> {
  const { files } = await hubSnapshot(repository, [path], options);
  return files[0]!;
}

/**
 * Files of a repository at one commit, from the cache or the hub: without `paths` what a model needs (`chooseModelFiles`). Each file is
 * checked against the hub's own digest before it appears in the cache; what breaks off is resumed. A commit that is named and whole in
 * the cache costs no request; without a connection the cache's own commit of the branch is used, and an event says so.
 * @throws when the repository, revision or a file does not exist (with near names), access is refused (with what to do), a path would
 * lead out of the folder, the content is not what the hub promised, or offline where the cache lacks something
 */
export async function hubSnapshot(
  repository: string | HubRepository,
  paths: readonly string[] | null,
  options: HubOptions,
): Promise<HubSnapshot> {
  const repo: HubRepository = typeof repository === "string" ? { type: "model", name: repository } : repository;
  const folder = repositoryFolder(options.cacheDirectory, repo);
  const { revision = "main", offline = false, on = () => undefined } = options;
  const wanted = paths?.map(safePath) ?? null;
  const inCache = (): HubSnapshot | null => fromCache(folder, revision, wanted, options.gguf);
  if (offline)
    return (
      inCache() ??
      fail(
        `${repo.name}, offline`,
        `${wanted?.join(", ") ?? "its files"} at ${revision} in ${folder}`,
        "not all of it there",
      )
    );
  if (isCommit(revision) && wanted !== null) {
    const found = inCache();
    if (found) return found;
  }
  try {
    return await fromHub(repo, folder, wanted, options);
  } catch (error) {
    if (!(error instanceof HubUnreachable)) throw new Error(describe(error, options.token));
    const found = inCache();
    if (!found)
      throw new Error(`${repo.name}: ${describe(error, options.token)}, and the cache does not have its files`);
    on({ kind: "unreachable", reason: describe(error, options.token) });
    return found;
  }
}

/** What the cache has of a revision; null where anything is missing. */
function fromCache(
  folder: string,
  revision: string,
  wanted: readonly string[] | null,
  gguf: string | undefined,
): HubSnapshot | null {
  const commit = cachedCommit(folder, revision);
  const snapshot = join(folder, "snapshots", commit ?? "");
  if (commit === null || !existsSync(snapshot)) return null;
  const names = wanted ?? chooseModelFiles(readdirSync(snapshot), gguf);
  const files = names.map((path) => cachedFile(folder, commit, path));
  return files.every((file): file is string => file !== null) ? { folder: snapshot, commit, files } : null;
}

/** A file as the hub lists it. */
interface Listed extends Content {
  readonly path: string;
}

async function fromHub(
  repo: HubRepository,
  folder: string,
  wanted: readonly string[] | null,
  options: HubOptions,
): Promise<HubSnapshot> {
  const { endpoint, revision = "main", on = () => undefined, signal } = options;
  const retried = (path: string | null) => (reason: string, waitMs: number) =>
    on({ kind: "retry", path, reason, waitMs });
  const fetch = hubFetch(options, repo.name, retried(null));
  const { commit, listed } = await listing(repo, revision, endpoint, fetch);
  const names = wanted ?? chooseModelFiles([...listed.keys()], options.gguf);
  const files = names.map((path) => {
    const found = listed.get(path);
    if (found) return found;
    throw new Error(
      `${repo.name}: ${path}: expected a file of the repository, got none${nearestHint(path, [...listed.keys()])}`,
    );
  });

  const blobOf = ({ digest }: Content): string => join(folder, "blobs", digest.value);
  const missing = files.filter((file) => !hasSize(blobOf(file), file.size) && !inSnapshot(folder, commit, file));
  requireDisk(folder, missing);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let before = total - missing.reduce((sum, { size }) => sum + size, 0);
  const rate = rateMeter();
  const places: string[] = [];
  for (const file of files) {
    const { path } = file;
    const cached = !missing.includes(file);
    if (!cached) {
      const url = `${endpoint}/${repo.type === "dataset" ? "datasets/" : ""}${repo.name}/resolve/${commit}/${path.split("/").map(encodeURIComponent).join("/")}`;
      await transfer(url, blobOf(file), file, {
        ...{ fetch, signal, attempts: options.attempts, retryMs: options.retryMs, silenceMs: options.silenceMs },
        retried: retried(path),
        onBytes: (done) => {
          const bytesPerSecond = rate(before + done, done === file.size);
          if (bytesPerSecond !== null) on({ kind: "progress", path, bytes: before + done, total, bytesPerSecond });
        },
      });
      before += file.size;
    }
    const place = inSnapshot(folder, commit, file) ?? linkBlob(folder, commit, path, blobOf(file));
    places.push(place);
    on({ kind: "file", path, place, cached });
  }
  rememberCommit(folder, revision, commit);
  return { folder: join(folder, "snapshots", commit), commit, files: places };
}

/** The commit of a revision and its files by path. */
async function listing(
  repo: HubRepository,
  revision: string,
  endpoint: string,
  fetch: typeof globalThis.fetch,
): Promise<{ readonly commit: string; readonly listed: ReadonlyMap<string, Listed> }> {
  const { datasetInfo, listFiles, listModels, modelInfo } = await import("@huggingface/hub");
  const { name, type } = repo;
  const asked = { name, revision, hubUrl: endpoint, fetch, additionalFields: ["sha" as const] };
  let commit: unknown;
  try {
    commit = (await (type === "model" ? modelInfo(asked) : datasetInfo(asked))).sha;
  } catch (error) {
    if (!(error instanceof HubNotFound) || type !== "model") throw error;
    const similar: string[] = [];
    try {
      const query = name.split("/").at(-1)!;
      for await (const model of listModels({ search: { query }, limit: 3, hubUrl: endpoint, fetch }))
        similar.push(model.name);
    } catch {
      // The first error says what matters.
    }
    throw new Error(`${error.message}${similar.length === 0 ? "" : `; similar: ${similar.join(", ")}`}`);
  }
  if (typeof commit !== "string" || !isCommit(commit))
    return fail(`${name}: commit of ${revision}`, "40 hexadecimal digits", commit);
  const listed = new Map<string, Listed>();
  for await (const entry of listFiles({ repo, revision: commit, recursive: true, hubUrl: endpoint, fetch })) {
    if (entry.type !== "file") continue;
    const { path, size, oid, lfs } = entry;
    const value = lfs?.oid ?? oid;
    const kind = lfs ? "sha256" : "git";
    const valid =
      typeof path === "string" &&
      Number.isSafeInteger(lfs?.size ?? size) &&
      typeof value === "string" &&
      (kind === "sha256" ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/).test(value);
    if (!valid) return fail(`${name}: ${String(path)} in the hub's listing`, "a path, a size and a digest", entry);
    listed.set(safePath(path), { path, size: lfs?.size ?? size, digest: { kind, value } });
  }
  return { commit, listed };
}

function inSnapshot(folder: string, commit: string, { path, size }: Listed): string | null {
  const place = cachedFile(folder, commit, path);
  return place !== null && hasSize(place, size) ? place : null;
}

function hasSize(path: string, size: number): boolean {
  return statSync(path, { throwIfNoEntry: false })?.size === size;
}

function requireDisk(folder: string, missing: readonly Content[]): void {
  const needed = missing.reduce((sum, { size }) => sum + size, 0);
  if (needed === 0) return;
  mkdirSync(folder, { recursive: true });
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (needed > free)
    fail(
      `${folder}: disk`,
      `${formatBytes(needed)} free for the download (HF_HUB_CACHE names another place)`,
      formatBytes(free),
    );
}

/** Bytes per second over the last seconds, at most ten times a second; null: nothing to say now. */
function rateMeter(): (bytes: number, last: boolean) => number | null {
  const marks: { readonly at: number; readonly bytes: number }[] = [];
  return (bytes, last) => {
    const at = performance.now();
    const newest = marks.at(-1);
    if (newest && at - newest.at < 100 && !last) return null;
    marks.push({ at, bytes });
    while (marks.length > 2 && at - marks[0]!.at > 3000) marks.shift();
    const oldest = marks[0]!;
    return at > oldest.at ? (1000 * (bytes - oldest.bytes)) / (at - oldest.at) : 0;
  };
}

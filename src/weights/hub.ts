import { existsSync, readdirSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { fail } from "../check/check";
import { codeOf } from "../check/error-words";
import { nearestHint } from "../check/nearest";
import { makeFolder } from "../disk/make-folder";
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
import { describe, hubFetch, HubNoRevision, HubNotFound, HubUnreachable, type HubConnection } from "./hub-fetch";
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
  /** The hub cannot be reached, or the cache cannot be written: the commit that is in the cache is used. */
  | { readonly kind: "unreachable" | "not writable"; readonly reason: string };

/** Of a repository's paths those that are wanted; null: it does not have them. */
export type Choose = (listed: readonly string[]) => readonly string[] | null;

/** A repository's files in the cache. */
export interface HubSnapshot {
  readonly folder: string;
  readonly commit: string;
  /** Paths in the repository, in the order asked for. */
  readonly paths: readonly string[];
  /** Where they lie here. */
  readonly files: readonly string[];
}

/**
 * Gives one file of a repository, from the cache or the hub.
 * For example `await hubFile("org/name", "config.json", { endpoint, cacheDirectory })`.
 * @throws as `hubSnapshot` does
 */
export async function hubFile(repository: string | HubRepository, path: string, options: HubOptions): Promise<string> {
  const { files } = await hubSnapshot(repository, [path], options);
  return files[0]!;
}

/**
 * Gives files of a repository at one commit, from the cache or the hub: without `wanted` what a model needs (`chooseModelFiles`). Each file is
 * checked against the hub's own digest before it appears in the cache, all of them together; what breaks off is resumed. A commit that is
 * named and whole in the cache costs no request; without a connection, and where the cache cannot be written, the cache's own commit of the
 * branch is used, and an event says so.
 * @throws when the repository, revision or a file does not exist (with near names), access is refused (with what to do), a path would
 * lead out of the folder, the content is not what the hub promised, or offline where the cache lacks something
 */
export async function hubSnapshot(
  repository: string | HubRepository,
  wanted: readonly string[] | Choose | null,
  options: HubOptions,
): Promise<HubSnapshot> {
  const repo: HubRepository = typeof repository === "string" ? { type: "model", name: repository } : repository;
  const folder = repositoryFolder(options.cacheDirectory, repo);
  const { revision = "main", offline = false, on = () => undefined } = options;
  const named = Array.isArray(wanted) ? (wanted as readonly string[]).map(safePath) : null;
  const choose: Choose = named
    ? () => named
    : ((wanted as Choose | null) ?? ((listed) => chooseModelFiles(listed, options.gguf)));
  const inCache = (): HubSnapshot | null => fromCache(folder, revision, choose);
  if (offline)
    return (
      inCache() ??
      fail(
        `${repo.name}, offline`,
        `${named?.join(", ") ?? "its files"} at ${revision} in ${folder}`,
        "not all of it there",
      )
    );
  if (isCommit(revision) && named !== null) {
    const found = inCache();
    if (found) return found;
  }
  try {
    return await fromHub(repo, folder, choose, options);
  } catch (error) {
    if (error instanceof HubNotFound) throw error;
    const reason = describe(error, options.token);
    const disk = isOfDisk(error);
    if (!(error instanceof HubUnreachable) && !disk) throw new Error(reason);
    const found = inCache();
    if (found) {
      on({ kind: disk ? "not writable" : "unreachable", reason });
      return found;
    }
    const hint = disk ? `the cache cannot be written: ${reason}; HF_HUB_CACHE names another place` : reason;
    throw new Error(`${repo.name}: ${hint}, and the cache does not have its files`);
  }
}

/** Whether the file system refused it. */
function isOfDisk(error: unknown): boolean {
  return DISK.has(codeOf(error));
}

const DISK: ReadonlySet<string> = new Set([
  "EROFS",
  "EACCES",
  "EPERM",
  "ENOSPC",
  "EDQUOT",
  "EEXIST",
  "ENOTDIR",
  "EISDIR",
]);

/** What the cache has of a revision; null where anything is missing. */
function fromCache(folder: string, revision: string, choose: Choose): HubSnapshot | null {
  const commit = cachedCommit(folder, revision);
  const snapshot = join(folder, "snapshots", commit ?? "");
  if (commit === null || !existsSync(snapshot)) return null;
  const listed = readdirSync(snapshot, { recursive: true, encoding: "utf8" }).map((path) => path.replaceAll("\\", "/"));
  const paths = choose(listed.sort());
  if (paths === null) return null;
  const files = paths.map((path) => cachedFile(folder, commit, path));
  return files.every((file): file is string => file !== null) ? { folder: snapshot, commit, paths, files } : null;
}

/** A file as the hub lists it. */
interface Listed extends Content {
  readonly path: string;
}

async function fromHub(repo: HubRepository, folder: string, choose: Choose, options: HubOptions): Promise<HubSnapshot> {
  const { endpoint, revision = "main", on = () => undefined, signal } = options;
  const retried = (path: string | null) => (reason: string, waitMs: number) =>
    on({ kind: "retry", path, reason, waitMs });
  const fetch = hubFetch(options, repo.name, retried(null));
  const asking = hubFetch(options, repo.name, retried(null), true);
  const { commit, listed } = await listing(repo, revision, endpoint, asking);
  const paths = choose([...listed.keys()]);
  if (paths === null) throw new HubNotFound(`${repo.name}: none of its files at ${revision} are those that are needed`);
  const files = paths.map((path) => {
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
  for (const file of missing) {
    const { path } = file;
    const url = `${endpoint}/${repo.type === "dataset" ? "datasets/" : ""}${repo.name}/resolve/${commit}/${path.split("/").map(encodeURIComponent).join("/")}`;
    await transfer(url, blobOf(file), file, {
      fetch,
      signal,
      attempts: options.attempts,
      retryMs: options.retryMs,
      silenceMs: options.silenceMs,
      retried: retried(path),
      onBytes: (done) => {
        const bytesPerSecond = rate(before + done, done === file.size);
        if (bytesPerSecond !== null) on({ kind: "progress", path, bytes: before + done, total, bytesPerSecond });
      },
    });
    before += file.size;
  }
  // Linked when all are there: a snapshot in the cache has what was asked for, or nothing of it.
  const places = files.map((file) => {
    const { path } = file;
    const place = inSnapshot(folder, commit, file) ?? linkBlob(folder, commit, path, blobOf(file));
    on({ kind: "file", path, place, cached: !missing.includes(file) });
    return place;
  });
  rememberCommit(folder, revision, commit);
  return { folder: join(folder, "snapshots", commit), commit, paths, files: places };
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
    if (!(error instanceof HubNotFound) || error instanceof HubNoRevision || type !== "model") throw error;
    const similar: string[] = [];
    try {
      const query = name.split("/").at(-1)!;
      for await (const model of listModels({ search: { query }, limit: 3, hubUrl: endpoint, fetch }))
        similar.push(model.name);
    } catch {
      // The first error says what matters.
    }
    throw new HubNotFound(`${error.message}${similar.length === 0 ? "" : `; similar: ${similar.join(", ")}`}`);
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
  makeFolder(folder);
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

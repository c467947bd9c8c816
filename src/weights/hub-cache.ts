import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fail } from "../check/check";
import { makeFolder } from "../disk/make-folder";
import { writeWhole } from "../disk/whole-file";

/** A repository of the hub. */
export interface HubRepository {
  readonly type: "model" | "dataset";
  /** "organization/name", or a name alone. */
  readonly name: string;
}

/**
 * Says where a repository lies in the cache that all of Hugging Face's libraries share:
 *   models--org--name/refs/main (a commit), /blobs/HASH (the files), /snapshots/COMMIT/PATH (links to blobs).
 * @example repositoryFolder("cache", { type: "model", name: "org/name" }) // "cache/models--org--name"
 */
export function repositoryFolder(cache: string, { type, name }: HubRepository): string {
  if (!/^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/.test(name)) fail("repository", `"organization/name"`, name);
  return join(cache, [`${type}s`, ...name.split("/")].join("--"));
}

/**
 * Gives a path inside a repository, which the hub tells and which is not trusted.
 * @throws when it could lead out of the folder it is put in
 */
export function safePath(path: string): string {
  const parts = path.split(/[/\\]/);
  const safe =
    path !== "" &&
    !path.includes("\0") &&
    !path.includes(":") &&
    parts.every((part) => !["", ".", ".."].includes(part));
  return safe ? path : fail("path in a repository", "one that stays inside the folder", path);
}

/** Gives the commit that the cache knows a branch or tag by; a commit is itself. null: not known. */
export function cachedCommit(folder: string, revision: string): string | null {
  if (isCommit(revision)) return revision;
  const reference = join(folder, "refs", safePath(revision));
  const commit = existsSync(reference) ? readFileSync(reference, "utf8").trim() : "";
  return isCommit(commit) ? commit : null;
}

export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

/** Says where a file of a snapshot lies; null where it is not there (or is a link to a blob that is gone). */
export function cachedFile(folder: string, commit: string, path: string): string | null {
  const place = snapshotPath(folder, commit, path);
  return existsSync(place) ? place : null;
}

export function snapshotPath(folder: string, commit: string, path: string): string {
  return join(folder, "snapshots", commit, safePath(path));
}

/** Notes which commit a branch is; writes nothing where that is noted. Another process sees the old commit or the new one. */
export function rememberCommit(folder: string, revision: string, commit: string): void {
  if (cachedCommit(folder, revision) === commit) return;
  const reference = join(folder, "refs", safePath(revision));
  writeWhole(reference, commit);
}

/** Makes the file of a snapshot: a relative link to its blob, or a copy where the system has no links. Returns its path. */
export function linkBlob(folder: string, commit: string, path: string, blob: string): string {
  const place = snapshotPath(folder, commit, path);
  makeFolder(dirname(place));
  const beside = `${place}.${process.pid}.tmp`;
  rmSync(beside, { force: true });
  try {
    symlinkSync(relative(dirname(place), blob), beside);
  } catch {
    copyFileSync(blob, beside);
  }
  renameSync(beside, place);
  return place;
}

import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fail } from "../check/check";
import { codeOf, messageOf } from "../check/error-words";
import { makeFolder } from "../disk/make-folder";
import { notWritten, removeLeftovers, writeWhole } from "../disk/whole-file";
import { differences } from "./canonical-json";
import { checkOf } from "./checksum";
import { tryTrajectory, unclaimed } from "./claim";
import { diverged } from "./diverged";
import type { Divergence } from "./diverged";
import { describeEnd } from "./events";
import type { EvaluationRecord } from "./records";
import type { RunResult } from "./train";
import { readTrajectory } from "./trajectory";
import { fromWire, toWire } from "./wire";
import type { Trajectory } from "./trajectory";

/** What one wants to know of a kept run without reading its trajectory. */
export interface RunSummary {
  /** The name as it was given; the folder has the safe one. */
  readonly name: string;
  readonly message: string;
  readonly steps: number;
  readonly forwardPasses: number;
  readonly first: EvaluationRecord | null;
  readonly best: EvaluationRecord | null;
  readonly last: EvaluationRecord | null;
  readonly diverged: Divergence | null;
}

/** A run kept in a folder of its own under e.g. `data/runs`. */
export interface KeptRun {
  /** The folder's name: hand it to `loadRun` and `deleteRun`. */
  readonly id: string;
  readonly folder: string;
  /** The trajectory file: hand it to `trainInFile`. */
  readonly path: string;
}

/** A kept run in a list. */
export interface ListedRun extends KeptRun {
  readonly summary: RunSummary;
  /** What is wrong with it, where, and what to do; null where it can be read. A damaged run has an empty summary. */
  readonly damaged: string | null;
}

const reserved = /^(con|prn|aux|nul|com\d|lpt\d)$/;

/**
 * Gives a folder name made of a run's name: lower-case letters, digits, "-" and "_"; never a path, at most 60 characters.
 * @example safeName("../AdaZeta, lr 3e-3") // "adazeta-lr-3e-3"
 * @throws when no letter or digit is left
 */
export function safeName(name: string): string {
  const plain = name.normalize("NFKD").toLowerCase();
  const safe = plain
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z0-9_]+/g, "-")
    .slice(0, 60)
    .replace(/^[-_]+|[-_]+$/g, "");
  if (safe === "") fail("name", "a name with a letter or a digit", name);
  return reserved.test(safe) ? `run-${safe}` : safe;
}

function placeOf(store: string, id: string): KeptRun {
  const folder = join(store, id);
  return { id, folder, path: join(folder, "trajectory.jsonl") };
}

/** Makes the folder of a new run; a name that is taken gets -2, -3, ... so that earlier runs stay. */
export function newRun(store: string, name: string): KeptRun {
  const safe = safeName(name);
  makeStore(store);
  for (let count = 1; ; count++) {
    const run = placeOf(store, count === 1 ? safe : `${safe}-${count}`);
    try {
      mkdirSync(run.folder);
      return run;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
  }
}

/**
 * Gives the place of the one run that a key names, kept or new: whoever asks, from any process, gets the same.
 * @param name what a new folder is called, before the key
 * @param key letters and digits that no other run has
 * @example runOf("data/runs", "AdaZeta", "0badcafe").id // "adazeta-0badcafe"
 */
export function runOf(store: string, name: string, key: string): KeptRun {
  const known = ids(store).find((id) => id.endsWith(key));
  const whole = safeName(`${name} ${key}`);
  const cut = `${whole.slice(0, 59 - key.length).replace(/[-_]+$/, "")}-${key}`;
  const run = placeOf(store, known ?? (whole.endsWith(key) ? whole : cut));
  makeStore(run.folder);
  return run;
}

/** Says where the run of that name is. @throws when there is none, listing those there are */
export function findRun(store: string, name: string): KeptRun {
  // A name that is a folder of the store is no path; any other is made safe before it touches one.
  const run = placeOf(store, ids(store).includes(name) ? name : safeName(name));
  return isRun(run) ? run : fail("run", `one of ${ids(store).join(", ") || "no runs yet"}`, name);
}

/** Writes the summary of a run that ended. */
export function keepSummary(run: KeptRun, name: string, result: RunResult): RunSummary {
  const best = result.best?.evaluation ?? null;
  const summary = { ...summarise(name, result), best, message: result.message };
  const kept = { ...summary, bytes: statSync(run.path, { throwIfNoEntry: false })?.size ?? 0 };
  const check = checkOf(JSON.stringify(kept, wire, 2));
  writeWhole(join(run.folder, "summary.json"), `${JSON.stringify({ ...kept, check }, wire, 2)}\n`);
  return summary;
}

/**
 * Gives all kept runs by folder name; a run that was cut off is summarised from its trajectory, and one that cannot be read says so and keeps
 * none of the others back. Temporary files that dead processes left in the runs' folders are removed.
 */
export function listRuns(store: string): readonly ListedRun[] {
  return ids(store).map((id) => {
    const run = placeOf(store, id);
    for (const file of [
      "trajectory.jsonl",
      "trajectory.jsonl.snapshot",
      "trajectory.jsonl.writer.lock",
      "summary.json",
    ])
      removeLeftovers(join(run.folder, file));
    try {
      return { ...run, summary: summaryOf(run), damaged: null };
    } catch (error) {
      const damaged = describeDamage(run, error);
      return { ...run, summary: { ...summarise(id, { steps: [], evaluations: [] }), message: damaged }, damaged };
    }
  });
}

/** Says why a kept run cannot be read, and what to do, in one line. */
export function describeDamage({ folder }: KeptRun, error: unknown): string {
  const why = messageOf(error);
  return `damaged, passed over: ${why} (the other runs do not need it: delete the folder ${folder}, or bring it back from a copy)`;
}

/** Makes a kept run with all its steps. @throws when there is none of that name, or its record is damaged, naming file and line */
export function loadRun(
  store: string,
  name: string,
): KeptRun & { readonly summary: RunSummary; readonly trajectory: Trajectory } {
  const run = findRun(store, name);
  const trajectory =
    readTrajectory(run.path) ?? fail(run.path, "a trajectory", "none: the run was killed before its first line");
  return { ...run, summary: summaryOf(run), trajectory };
}

/** Deletes a kept run with its files. @throws when there is none of that name, or a process works on it */
export function deleteRun(store: string, name: string): void {
  const run = findRun(store, name);
  unclaimed(run.path);
  rmSync(run.folder, { recursive: true });
}

/** Empties the folder of a run, which goes on to be claimed, so that it is made again. */
export function clearRun({ path, folder }: KeptRun): void {
  for (const file of [path, `${path}.snapshot`, join(folder, "summary.json")]) rmSync(file, { force: true });
}

/** Says in which settings two kept runs differ, one line each, and how both ended. */
export function compareRuns(store: string, first: string, second: string): readonly string[] {
  const [a, b] = [loadRun(store, first), loadRun(store, second)];
  const settings = differences(a.trajectory.header.settings, b.trajectory.header.settings, "settings");
  const identity = differences(a.trajectory.header.identity, b.trajectory.header.identity, "identity");
  const named = [...settings, ...identity].map((line) =>
    line.replace(": recorded ", `: ${a.id} `).replace(", now ", `, ${b.id} `),
  );
  return [...named, `${a.id}: ${a.summary.message}`, `${b.id}: ${b.summary.message}`];
}

const wire = (_: string, value: unknown): unknown => (typeof value === "number" ? toWire(value) : value);
const unwire = (key: string, value: unknown): unknown =>
  (key === "loss" || key === "accuracy") && typeof value === "string" ? fromWire(key, value) : value;

function ids(store: string): readonly string[] {
  if (existsSync(store) && !statSync(store).isDirectory())
    fail("the runs' folder", "a folder, or a name that is free", store);
  return existsSync(store)
    ? readdirSync(store)
        .filter((id) => isRun(placeOf(store, id)))
        .sort()
    : [];
}

function makeStore(folder: string): void {
  try {
    makeFolder(folder);
  } catch (error) {
    throw notWritten(folder, error);
  }
}

/** A run's folder has its files, or nothing yet; another folder in the store, a saved adapter's, is none. */
function isRun({ folder }: KeptRun): boolean {
  if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return false;
  try {
    const names = readdirSync(folder);
    return names.length === 0 || names.some((name) => name.startsWith("trajectory.jsonl") || name === "summary.json");
  } catch {
    return true; // It cannot be read: listed as damaged.
  }
}

/** The summary that was kept when the run ended; made of its trajectory where that goes on after it, or it is damaged. */
function summaryOf(run: KeptRun): RunSummary {
  const kept = keptSummary(run);
  if (kept.summary !== null) return kept.summary;
  const trajectory = readTrajectory(run.path);
  if (trajectory === null && kept.wrong !== null) throw new Error(kept.wrong);
  const end = trajectory?.end ?? null;
  const message = end === null ? cutOff(run) : describeEnd(end);
  return { ...summarise(run.id, trajectory ?? { steps: [], evaluations: [] }), message };
}

function cutOff({ path }: KeptRun): string {
  const over = "cut off; it can be resumed";
  if (!existsSync(`${path}.writer.lock`)) return over;
  try {
    const got = tryTrajectory(path);
    got.lock?.release();
    return got.held === null ? over : `${got.held.who} works on it`;
  } catch {
    return over; // The folder takes no files.
  }
}

function keptSummary({ folder, path }: KeptRun): {
  readonly summary: RunSummary | null;
  readonly wrong: string | null;
} {
  const file = join(folder, "summary.json");
  const none = (wrong: string | null) => ({ summary: null, wrong });
  if (!existsSync(file)) return none(null);
  const [own, of] = [file, path].map((each) => statSync(each, { throwIfNoEntry: false }));
  if ((own?.mtimeMs ?? 0) < (of?.mtimeMs ?? 0)) return none(null);
  const text = readFileSync(file, "utf8");
  try {
    const { check, ...kept } = JSON.parse(text) as {
      readonly check?: string;
      readonly bytes?: number;
      steps?: unknown;
    };
    if (typeof kept.steps !== "number" || (check !== undefined && check !== checkOf(JSON.stringify(kept, null, 2))))
      return none(`${file}: expected the summary as it was written, got a changed one, and no trajectory beside it`);
    const { bytes, ...summary } = kept;
    if (of !== undefined && bytes !== undefined && bytes !== of.size) return none(null);
    return { summary: JSON.parse(JSON.stringify(summary), unwire) as RunSummary, wrong: null };
  } catch {
    return none(
      `${file}: expected a summary, got ${text.length} characters that are none, and no trajectory beside it`,
    );
  }
}

function summarise(name: string, run: Pick<Trajectory, "steps" | "evaluations">): Omit<RunSummary, "message"> {
  const { steps, evaluations } = run;
  const finite = evaluations.filter(({ loss }) => Number.isFinite(loss));
  return {
    name,
    steps: steps.length,
    forwardPasses: steps.at(-1)?.forwardPasses ?? 0,
    first: evaluations[0] ?? null,
    best: finite.reduce<EvaluationRecord | null>((a, b) => (a === null || b.loss < a.loss ? b : a), null),
    last: evaluations.at(-1) ?? null,
    diverged: diverged(evaluations),
  };
}

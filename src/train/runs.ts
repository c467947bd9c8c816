import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fail } from "../check/check";
import { differences } from "./canonical-json";
import { diverged } from "./diverged";
import type { Divergence } from "./diverged";
import { describeEnd } from "./events";
import { writeWhole } from "../disk/whole-file";
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

const reserved = /^(con|prn|aux|nul|com\d|lpt\d)$/;

/**
 * A folder name made of a run's name: lower-case letters, digits, "-" and "_"; never a path, at most 60 characters.
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
  mkdirSync(store, { recursive: true });
  for (let count = 1; ; count++) {
    const run = placeOf(store, count === 1 ? safe : `${safe}-${count}`);
    try {
      mkdirSync(run.folder);
      return run;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
  }
}

/** Where the run of that name is. @throws when there is none, listing those there are */
export function findRun(store: string, name: string): KeptRun {
  // A name that is a folder of the store is no path; any other is made safe before it touches one.
  const run = placeOf(store, ids(store).includes(name) ? name : safeName(name));
  return isRun(run) ? run : fail("run", `one of ${ids(store).join(", ") || "no runs yet"}`, name);
}

/** Writes the summary of a run that ended. */
export function keepSummary(run: KeptRun, name: string, result: RunResult): RunSummary {
  const best = result.best?.evaluation ?? null;
  const summary = { ...summarise(name, result), best, message: result.message };
  writeWhole(join(run.folder, "summary.json"), `${JSON.stringify(summary, wire, 2)}\n`);
  return summary;
}

/** All kept runs by folder name; a run that was cut off is summarised from its trajectory. */
export function listRuns(store: string): readonly (KeptRun & { readonly summary: RunSummary })[] {
  return ids(store).map((id) => ({ ...placeOf(store, id), summary: summaryOf(placeOf(store, id)) }));
}

/** A kept run with all its steps. @throws when there is none of that name */
export function loadRun(
  store: string,
  name: string,
): KeptRun & { readonly summary: RunSummary; readonly trajectory: Trajectory } {
  const run = findRun(store, name);
  const trajectory =
    readTrajectory(run.path) ?? fail(run.path, "a trajectory", "none: the run was killed before its first line");
  return { ...run, summary: summaryOf(run), trajectory };
}

/** Deletes a kept run with its files. @throws when there is none of that name */
export function deleteRun(store: string, name: string): void {
  rmSync(findRun(store, name).folder, { recursive: true });
}

/** In which settings two kept runs differ, one line each, and how both ended. */
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
  return existsSync(store)
    ? readdirSync(store)
        .filter((id) => isRun(placeOf(store, id)))
        .sort()
    : [];
}

function isRun({ folder }: KeptRun): boolean {
  return lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
}

function summaryOf(run: KeptRun): RunSummary {
  const path = join(run.folder, "summary.json");
  if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8"), unwire) as RunSummary;
  const trajectory = readTrajectory(run.path);
  const end = trajectory?.end ?? null;
  const message = end === null ? "cut off; it can be resumed" : describeEnd(end);
  return { ...summarise(run.id, trajectory ?? { steps: [], evaluations: [] }), message };
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

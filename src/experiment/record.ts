import { fail, show } from "../check/check";
import { inNewForm } from "../optimizer/old-form";
import { divergedRun } from "../train/diverged";
import type { RunHistory, StepNumbers } from "../train/run-history";
import type { RunResult } from "../train/train";
import type { Cell } from "./cells";
import { FAULTS, isFault } from "./faults";
import type { Fault } from "./faults";
import { compactHistory, stepsOf } from "./history";
import type { History, KeptEvaluation } from "./history";

/** Where and from what a run was made, beside its settings. */
export interface Origin {
  /** Git commit of the project, with "+changes" when the working tree differed. */
  readonly commit: string;
  /** Processor, its instruction set, threads. */
  readonly machine: string;
  /** The command that made the record. */
  readonly command: string;
  /**
   * Hash of the project's files that decided the numbers (`decidingFiles`); two with a "+" where they changed while the run was cut off.
   * Absent in records of earlier versions. No record is made again because of it.
   */
  readonly sources?: string;
}

/** One run of an experiment, with everything needed to repeat it: a line of data/results/<name>.jsonl. */
export interface ExperimentRecord<Settings = unknown> extends Origin {
  readonly format: "adazeta-record";
  readonly version: 1;
  readonly key: string;
  readonly experiment: string;
  readonly arm: string;
  readonly seed: number;
  readonly learningRate: number;
  readonly settings: Settings;
  readonly model: string;
  readonly adapter: unknown;
  /** Fingerprint of the data. */
  readonly data: string;
  readonly parameters: number;
  /** Fingerprint of the starting point. */
  readonly startingPoint: string;
  /** ISO dates. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** Milliseconds of running, pauses not counted. */
  readonly elapsedMs: number;
  readonly reason: string;
  readonly message: string;
  readonly forwardPasses: number;
  /** Where the run diverged by our definition (`divergedRun`). */
  readonly diverged: { readonly step: number } | null;
  readonly history: History;
  /** Anything measured besides, e.g. the test score of the best checkpoint. */
  readonly extra: unknown;
  /** What was wrong when it was made; absent: nothing that is known. */
  readonly fault?: Fault;
}

/** What an arm without steps measured. */
export interface StillResult {
  readonly model: string;
  readonly adapter: unknown;
  readonly data: string;
  readonly parameters: number;
  readonly dev: { readonly loss: number; readonly accuracy: number; readonly forwardPasses: number };
  /** Of training, where a still arm trains; absent: none. */
  readonly forwardPasses?: number;
  readonly elapsedMs: number;
  readonly message: string;
}

type RecordOrigin = Origin & { readonly startedAt: string; readonly endedAt: string; readonly extra?: unknown };

/** Gives the record of an arm without steps: a history of one look at dev, no step and no forward pass of training. */
export function recordOfStill<Settings>(
  cell: Cell<Settings>,
  still: StillResult,
  origin: RecordOrigin,
): ExperimentRecord<Settings> {
  const { model, adapter, data, parameters, message, forwardPasses: spent = 0 } = still;
  const { loss, accuracy, forwardPasses: evaluationPasses } = still.dev;
  const elapsedMs = Math.round(still.elapsedMs);
  const evaluation = { step: 0, loss, accuracy, forwardPasses: spent, evaluationPasses, elapsedMs };
  return recordFrom(cell, origin, {
    model,
    adapter,
    data,
    parameters,
    startingPoint: "",
    elapsedMs,
    reason: "finished",
    message,
    forwardPasses: spent,
    diverged: null,
    history: compactHistory([], [{ kind: "evaluation", ...evaluation }]),
  });
}

/** Gives the record of a run that ended. */
export function recordOf<Settings>(
  cell: Cell<Settings>,
  run: RunResult,
  origin: RecordOrigin,
): ExperimentRecord<Settings> {
  const { model, adapter, data } = run.header.identity;
  const { parameters, fingerprint } = run.header.start;
  const { elapsedMs, reason, forwardPasses } = run.end;
  return recordFrom(
    cell,
    { ...origin, ...sourcesOf(run.header.note, origin) },
    {
      model,
      adapter,
      data,
      parameters,
      startingPoint: fingerprint,
      elapsedMs: Math.round(elapsedMs),
      reason,
      message: run.message,
      forwardPasses,
      diverged: divergedRun(run),
      history: compactHistory(run.steps, run.evaluations),
    },
  );
}

/** What the run itself says in its record; the rest is its cell and its origin. */
type Measured = Omit<ExperimentRecord, keyof Cell<unknown> | keyof RecordOrigin | "format" | "version" | "fault">;

/** Gives the record of a cell: what is the same for every run, and what this one measured. */
export function recordFrom<Settings>(
  { key, experiment, arm, seed, learningRate, settings }: Cell<Settings>,
  { commit, machine, command, sources, startedAt, endedAt, extra = null }: RecordOrigin,
  measured: Measured,
): ExperimentRecord<Settings> {
  return {
    format: "adazeta-record",
    version: 1,
    key,
    experiment,
    arm,
    seed,
    learningRate,
    settings,
    commit,
    machine,
    command,
    ...(sources !== undefined && { sources }),
    startedAt,
    endedAt,
    ...measured,
    extra,
  };
}

/** The source at the run's end, and before it that of its begin, which its trajectory's note has, where it was another. */
function sourcesOf(note: unknown, { sources }: Origin): Pick<Origin, "sources"> {
  if (sources === undefined) return {};
  const begun = typeof note === "object" && note !== null && "sources" in note ? note.sources : sources;
  return { sources: begun === sources ? sources : `${String(begun)}+${sources}` };
}

/** A record as tables and figures take it (they add the loss of the best constant answer). */
export interface RecordedRun extends RunHistory<StepNumbers, KeptEvaluation> {
  readonly arm: string;
  readonly seed: number;
  readonly learningRate: number;
  readonly diverged: { readonly step: number } | null;
  readonly fault?: Fault;
}

export function asRun({ arm, seed, learningRate, history, diverged: at, fault }: ExperimentRecord): RecordedRun {
  const { evaluations } = history;
  return { arm, seed, learningRate, steps: stepsOf(history), evaluations, diverged: at, ...(fault && { fault }) };
}

/**
 * Reads a value as a record of an experiment.
 * @throws when a line is no record, or one of another format version, naming `where` (file and line)
 */
export function checkRecord(where: string, value: unknown): ExperimentRecord {
  if (typeof value !== "object" || value === null) return fail(where, "a record", value);
  const record: Record<string, unknown> = { ...value };
  delete record["check"]; // the line's checksum, which `readRecords` compares with its text
  if (record["format"] !== "adazeta-record") fail(`${where}: format`, '"adazeta-record"', record["format"]);
  if (record["version"] !== 1)
    throw new Error(
      `${where}: version: expected 1, got ${show(record["version"])}; ` +
        "the record was made by another version of this project: read it with that one, or move the file away",
    );
  for (const [name, type] of Object.entries(TYPES))
    if (typeof record[name] !== type) fail(`${where}: ${name}`, `a ${type}`, record[name]);
  const { steps, evaluations } = (record["history"] ?? {}) as Partial<History>;
  if (!Array.isArray(steps?.step) || !Array.isArray(evaluations))
    fail(`${where}: history`, "steps in columns and a list of evaluations", record["history"]);
  if (record["fault"] !== undefined && !isFault(record["fault"]))
    fail(`${where}: fault`, `one of ${Object.keys(FAULTS).join(", ")}`, record["fault"]);
  return { ...record, settings: inNewForm(record["settings"]) } as unknown as ExperimentRecord;
}

/** What readers rely on; of the rest of a record they show what is there. */
const TYPES = {
  key: "string",
  arm: "string",
  seed: "number",
  learningRate: "number",
  endedAt: "string",
  elapsedMs: "number",
};

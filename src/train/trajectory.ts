import { existsSync } from "node:fs";
import { fail } from "../check/check";
import { messageOf } from "../check/error-words";
import { differences } from "./canonical-json";
import { checksum, splitCheck, wrongCheck } from "./checksum";
import type { CheckedLine } from "./checksum";
import { readLines } from "./line-file";
import { decodeLine } from "./records";
import type {
  AverageRecord,
  ChangeRecord,
  EndRecord,
  EvaluationRecord,
  Header,
  SourcesRecord,
  StepRecord,
} from "./records";
import type { TrainingHistory } from "./run-history";
import type { SourceHashes } from "./sources";
import { changedMethod } from "./method-change";

/**
 * A run as a value that can be replayed: where it started, its settings, and one line of scalars a step.
 * The file is checkpoint, crash log and record in one.
 */
export interface Trajectory extends TrainingHistory {
  /** The project's files that decide the numbers, as they were at the last step; null where they are not known. */
  readonly sources: SourceHashes | null;
  /** Where each step's line ends, in bytes. */
  readonly stepEnds: readonly number[];
  /** Where the last whole line ends, in bytes. */
  readonly goodBytes: number;
  /** Says what was dropped of a half-written last line; null when the file was whole. */
  readonly recovered: string | null;
  /** Says which lines have no checksum, so that a change of one of their digits goes unseen; null when all have one. */
  readonly unchecked: string | null;
}

/**
 * Reads a trajectory file (JSON lines: header, steps and evaluations, end). Each line has a checksum over itself and all before it: a digit
 * that was changed, and a line that was removed, repeated or moved, is an error that names the line. Files of earlier versions have
 * none, or have them from where this version went on.
 * @returns null when there is no file, or a killed process left nothing but a part of the header
 * @throws when a line is not what a trajectory holds (file and line are named), or the format is another version's
 */
export function readTrajectory(path: string): Trajectory | null {
  if (!existsSync(path)) return null;
  const { values, goodBytes, recovered } = readLines(path);
  if (values.length === 0) return null;
  const steps: StepRecord[] = [];
  const stepEnds: number[] = [];
  const evaluations: EvaluationRecord[] = [];
  const changes: ChangeRecord[] = [];
  let header: Header | null = null;
  let end: EndRecord | null = null;
  let average: AverageRecord | undefined;
  let sources: SourceHashes | null = null;
  let sum = 0;
  let unchecked = 0;
  for (const { line, text, value, end: lineEnd } of values) {
    const where = `${path}:${line}`;
    const record = decodeLine(where, value);
    if ((record.kind === "header") !== (header === null)) fail(where, "one header, on the first line", record.kind);
    end = record.kind === "end" ? record : null;
    if (record.kind === "header") {
      header = record;
      sources = record.sources ?? null;
    }
    if (record.kind === "evaluation") evaluations.push(record);
    if (record.kind === "average") average = record;
    if (record.kind === "sources") sources = merged(sources, record);
    if (record.kind === "change") {
      if (record.step !== steps.length)
        fail(`${where}: step of a change`, `${steps.length}, the next step's index`, record.step);
      changes.push(checkedChange(where, header!, record));
    }
    if (record.kind === "step") {
      if (record.step !== steps.length + 1) fail(`${where}: step`, `step ${steps.length + 1}`, record.step);
      steps.push(record);
      stepEnds.push(lineEnd);
    }
    const { check } = checkLine(where, text, sum, unchecked < line - 1);
    if (check === null) unchecked = line;
    sum = checksum(`${text}\n`, sum);
  }
  const found = { header: header!, steps, evaluations, changes, sources, end, ...(average && { average }) };
  return { ...found, stepEnds, goodBytes, recovered, unchecked: told(unchecked, values.length) };
}

function merged(before: SourceHashes | null, { changed }: SourcesRecord): SourceHashes {
  const all = Object.entries({ ...before, ...changed });
  return Object.fromEntries(all.flatMap(([file, hash]) => (typeof hash === "string" ? [[file, hash]] : [])));
}

function told(unchecked: number, lines: number): string | null {
  if (unchecked === 0) return null;
  const which = unchecked === lines ? "its lines" : `lines 1 to ${unchecked}`;
  return `unchecked: an earlier version wrote ${which} without checksums, so a digit that was changed there since goes unseen`;
}

/** @param required whether a line before it has a checksum: then this one has too, or is not of the run that wrote the file */
function checkLine(where: string, text: string, before: number, required: boolean): CheckedLine {
  const checked = splitCheck(text);
  const right = wrongCheck(checked, before);
  if (right === null && (checked.check !== null || !required)) return checked;
  throw new Error(
    `${where}: checksum: expected ${right ?? "one"}, got ${checked.check ?? "none"}: this line was changed after it was written, or a line was ` +
      "removed, repeated or moved before it; bring the file back from a copy, or delete it and run again",
  );
}

function checkedChange(where: string, { settings }: Header, record: ChangeRecord): ChangeRecord {
  try {
    changedMethod(settings.method, record.change);
  } catch (error) {
    throw new Error(`${where}: ${messageOf(error)}`);
  }
  return record;
}

/**
 * Makes sure that a recorded run is the one about to be continued: same settings, model, adapter, data and start.
 * @throws one error that names everything that differs
 */
export function sameRun(path: string, recorded: Header, now: Header): void {
  const different = [
    ...differences(recorded.settings, now.settings, "settings"),
    ...differences(recorded.identity, now.identity, "identity"),
    ...differences(recorded.start, now.start, "start"),
  ];
  if (different.length > 0)
    throw new Error(
      `${path}: expected the trajectory of this very run, got another's:\n  ${different.join("\n  ")}\n` +
        "Give the new run another name, or delete the file to start over.",
    );
}

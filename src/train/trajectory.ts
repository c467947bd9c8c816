import { existsSync } from "node:fs";
import { fail } from "../check/check";
import { differences } from "./canonical-json";
import { readLines } from "./line-file";
import { decodeLine } from "./records";
import type { ChangeRecord, EndRecord, EvaluationRecord, Header, StepRecord } from "./records";
import { changedMethod } from "./method-change";

/**
 * A run as a value that can be replayed: where it started, its settings, and one line of scalars a step.
 * The file is checkpoint, crash log and record in one.
 */
export interface Trajectory {
  readonly header: Header;
  readonly steps: readonly StepRecord[];
  readonly evaluations: readonly EvaluationRecord[];
  /** What was changed while it went, in order. */
  readonly changes: readonly ChangeRecord[];
  /** How the run ended; null when it was cut off. */
  readonly end: EndRecord | null;
  /** Where each step's line ends, in bytes. */
  readonly stepEnds: readonly number[];
  /** Where the last whole line ends, in bytes. */
  readonly goodBytes: number;
  /** Says what was dropped of a half-written last line; null when the file was whole. */
  readonly recovered: string | null;
}

/**
 * Reads a trajectory file (JSON lines: header, steps and evaluations, end).
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
  for (const { line, value, end: lineEnd } of values) {
    const where = `${path}:${line}`;
    const record = decodeLine(where, value);
    if ((record.kind === "header") !== (header === null)) fail(where, "one header, on the first line", record.kind);
    end = record.kind === "end" ? record : null;
    if (record.kind === "header") header = record;
    if (record.kind === "evaluation") evaluations.push(record);
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
  }
  return { header: header!, steps, evaluations, changes, end, stepEnds, goodBytes, recovered };
}

function checkedChange(where: string, { settings }: Header, record: ChangeRecord): ChangeRecord {
  try {
    changedMethod(settings.method, record.change);
  } catch (error) {
    throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`);
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

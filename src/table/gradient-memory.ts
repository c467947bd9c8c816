import type { ColumnTable } from "arquero";
import { fail, nonNegativeInteger, positiveInteger, positiveNumber } from "../check/check";
import { formatLine } from "./format-line";
import { tableOf } from "./rows";

/** What training steps of one rule took on one model, measured in a process of its own. */
export interface GradientMemory {
  readonly format: "adazeta-gradient-memory";
  readonly version: 1;
  readonly model: string;
  readonly task: string;
  /** "all weights", "LoRA", ..., or "nothing". */
  readonly trained: string;
  /** "AdamW", "LOMO", ...; "none": losses alone. */
  readonly rule: string;
  /** Which gradients are alive at a time: "all", "one block's", or "none". */
  readonly alive: string;
  /** Texts of a batch. */
  readonly batch: number;
  readonly measured: {
    /** Largest resident memory of the process, and what it had before the model was opened. */
    readonly peakMiB: number;
    readonly startMiB: number;
    readonly trainable: number;
    /** The most that lay in gradients at a time, as a rule was handed them. */
    readonly gradientBytes: number;
    /** What the rule carries from step to step. */
    readonly stateBytes: number;
    /** Of each step, in order; the first makes what is made once. */
    readonly seconds: readonly number[];
  };
  readonly machine: string;
  readonly commit: string;
  readonly date: string;
}

/**
 * Gives the records of a file of gradient measurements (one JSON object a line).
 * For example `parseGradientMemory(text, "data/results/gradient-memory.jsonl").length`.
 * @throws when a line is not such a record, naming it
 */
export function parseGradientMemory(text: string, where: string): readonly GradientMemory[] {
  return text.split("\n").flatMap((line, i) => (line.trim() === "" ? [] : [parse(line, `${where}:${i + 1}`)]));
}

function parse(line: string, at: string): GradientMemory {
  const value = formatLine<GradientMemory>(line, at, "adazeta-gradient-memory");
  for (const name of ["model", "task", "trained", "rule", "alive"] as const)
    if (typeof value[name] !== "string") fail(`${at}: ${name}`, "a text", value[name]);
  positiveInteger(`${at}: batch`, value.batch!);
  const { measured } = value;
  if (typeof measured !== "object" || measured === null) fail(`${at}: measured`, "figures", measured);
  for (const name of ["peakMiB", "startMiB"] as const) positiveNumber(`${at}: measured.${name}`, value.measured![name]);
  for (const name of ["trainable", "gradientBytes", "stateBytes"] as const)
    nonNegativeInteger(`${at}: measured.${name}`, value.measured![name]);
  if (!Array.isArray(value.measured!.seconds) || value.measured!.seconds.length === 0)
    fail(`${at}: measured.seconds`, "seconds of each step", value.measured!.seconds);
  return value as GradientMemory;
}

/**
 * Lists measurements of one model: peak memory, also as a share of AdamW's with all gradients alive, gradients, state, and seconds of a usual step.
 * @throws when there is none
 */
export function gradientMemoryTable(records: readonly GradientMemory[]): ColumnTable {
  const base = records.find(
    ({ trained, rule, alive }) => trained === "all weights" && rule === "AdamW" && alive === "all",
  );
  return tableOf(
    records.map(({ trained, rule, alive, measured }) => ({
      trained,
      rule,
      "gradients alive": alive,
      "peak (MiB)": Math.round(measured.peakMiB),
      "/ AdamW's, all": base === undefined ? null : measured.peakMiB / base.measured.peakMiB,
      "gradients (MiB)": measured.gradientBytes / 2 ** 20,
      "state (MiB)": measured.stateBytes / 2 ** 20,
      "step (s)": usualSeconds(measured.seconds),
    })),
  );
}

/** Gives the seconds of a usual step: the median of the later ones, or the only one. @example usualSeconds([9, 2, 1, 3]) // 2 */
export function usualSeconds(seconds: readonly number[]): number {
  const later = seconds.length > 1 ? seconds.slice(1) : seconds;
  const sorted = [...later].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
}

/** Gives the last record of each model, what is trained, rule and what is alive, in the order in which they first came. */
export function newestGradientMemory(records: readonly GradientMemory[]): readonly GradientMemory[] {
  const keyOf = ({ model, task, trained, rule, alive, batch }: GradientMemory): string =>
    JSON.stringify([model, task, trained, rule, alive, batch]);
  return [...new Map(records.map((record) => [keyOf(record), record])).values()];
}

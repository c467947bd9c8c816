import { fail, positiveNumber } from "../check/check";
import { formatLine } from "./format-line";

/** What a forward pass of a method took, everything that a step does beside it included; measured on an idle machine. */
export interface PassTime {
  readonly format: "adazeta-pass-time";
  readonly version: 1;
  /** As in records of runs: `settings.model`, `settings.task` and the arm's name. */
  readonly model: string;
  readonly task: string;
  readonly arm: string;
  /** Medians over the rounds. */
  readonly secondsPerPass: number;
  readonly secondsPerStep: number;
  readonly rounds: number;
  readonly machine: string;
  readonly commit: string;
  readonly date: string;
}

/**
 * Gives the records of a file of pass times, one JSON object a line; of several of one model, task and arm the last.
 * For example `parsePassTimes(text, "data/results/pass-times.jsonl")[0].arm`: "mezo-lora".
 * @throws naming the line that is no such record
 */
export function parsePassTimes(text: string, where: string): readonly PassTime[] {
  const times = text.split("\n").flatMap((line, i) => (line.trim() === "" ? [] : [parse(line, `${where}:${i + 1}`)]));
  return [...new Map(times.map((time) => [JSON.stringify([time.model, time.task, time.arm]), time])).values()];
}

function parse(line: string, at: string): PassTime {
  const value = formatLine<PassTime>(line, at, "adazeta-pass-time");
  for (const name of ["secondsPerPass", "secondsPerStep"] as const) positiveNumber(`${at}: ${name}`, value[name]!);
  for (const name of ["model", "task", "arm"] as const)
    if (typeof value[name] !== "string") fail(`${at}: ${name}`, "a text", value[name]);
  return value as PassTime;
}

/** Gives the seconds of a pass by the arm's name, of one model and task. */
export function secondsByArm(
  times: readonly PassTime[],
  { model, task }: Pick<PassTime, "model" | "task">,
): ReadonlyMap<string, number> {
  const own = times.filter((time) => time.model === model && time.task === task);
  return new Map(own.map(({ arm, secondsPerPass }) => [arm, secondsPerPass]));
}

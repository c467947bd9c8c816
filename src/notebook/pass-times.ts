import { existsSync, readFileSync } from "node:fs";
import { parsePassTimes } from "../table/pass-times";
import type { PassTime } from "../table/pass-times";

/**
 * Reads the committed times of forward passes by method, and says in one line what they are and how to make them again.
 * For example `passTimes()[0].secondsPerPass`.
 * @throws when there are none yet, naming the command that makes them
 */
export function passTimes(path: string = "data/results/pass-times.jsonl"): readonly PassTime[] {
  const command = "npm run bench -- field";
  if (!existsSync(path)) throw new Error(`pass times: expected ${path}, got no such file; \`${command}\` makes it`);
  const times = parsePassTimes(readFileSync(path, "utf8"), path);
  const [first] = times;
  if (first === undefined) throw new Error(`${path}: expected records, got an empty file; \`${command}\` makes them`);
  console.log(`from the record of ${times.length} measurements on ${first.machine}; made by \`${command}\``);
  return times;
}

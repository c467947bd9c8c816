import { existsSync, readFileSync } from "node:fs";
import { newestGradientMemory, parseGradientMemory } from "../table/gradient-memory";
import type { GradientMemory } from "../table/gradient-memory";

/**
 * Reads the committed measurements of memory by rule and by what of a gradient is alive, the newest of each row, and says in one line what they are
 * and how to make them again. None while there is no such file.
 * For example `gradientMemory().find(({ rule }) => rule === "LOMO")?.measured.peakMiB`.
 * @throws when a line is no such record, naming it
 */
export function gradientMemory(path: string = "data/results/gradient-memory.jsonl"): readonly GradientMemory[] {
  const command = "npm run bench -- blocks";
  const records = existsSync(path) ? newestGradientMemory(parseGradientMemory(readFileSync(path, "utf8"), path)) : [];
  const [first] = records;
  console.log(
    first === undefined
      ? `no record of memory by rule: not measured yet; \`${command}\` makes it`
      : `from the record of ${records.length} measurements on ${first.machine}; made by \`${command}\``,
  );
  return records;
}

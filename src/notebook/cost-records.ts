import { existsSync, readFileSync } from "node:fs";
import { parseCosts } from "../table/costs";
import type { CostRecord } from "../table/costs";
import type { Origin } from "../table/origin";

/** Measurements of memory and time, and what figures made of them say of their origin. */
export interface CostRecords {
  readonly records: readonly CostRecord[];
  readonly origin: Extract<Origin, { readonly kind: "measured" }>;
}

/**
 * Reads the committed measurements of memory and time, and says in one line what they are and how to make them again.
 * For example `costRecords().records.length`.
 * @throws when there are none yet, naming the command that makes them
 */
export function costRecords(path: string = "data/results/memory-and-speed.jsonl"): CostRecords {
  const command = "npm run bench -- costs";
  if (!existsSync(path)) throw new Error(`costs: expected ${path}, got no such file; \`${command}\` makes it`);
  const records = parseCosts(readFileSync(path, "utf8"), path, (error) =>
    console.log(`${String(error)}: damaged, passed over (delete the line: \`${command}\` measures it again)`),
  );
  const [first] = records;
  if (first === undefined) throw new Error(`${path}: expected records, got an empty file; \`${command}\` makes them`);
  const unique = (values: readonly string[], between = "/"): string => [...new Set(values)].join(between);
  const machines = unique(
    records.map(({ machine }) => machine),
    "; ",
  );
  console.log(`from the record of ${records.length} measurements on ${machines}; made by \`${command}\``);
  return {
    records,
    origin: {
      kind: "measured",
      date:
        records
          .map(({ date }) => date)
          .sort()
          .at(-1) ?? "",
      model: machines,
      data: `${first.texts} texts of ${first.tokens} tokens`,
      seeds: [],
      commit: unique(records.map(({ commit }) => commit)),
    },
  };
}

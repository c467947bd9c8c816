import { divergenceGrid } from "../experiment/divergence";
import type { StudyName } from "../experiment/divergence";
import { faultRemark } from "../experiment/faults";
import { complaints, readRecords } from "../experiment/store";
import type { ExperimentRecord } from "../experiment/record";
import { recordFiles } from "../experiment/share";
import type { Origin } from "../table/origin";

/** The committed records of a study, and what figures made of them say of their origin. */
export interface StudyRecords {
  readonly records: readonly ExperimentRecord[];
  readonly origin: Extract<Origin, { readonly kind: "measured" }>;
}

/**
 * Reads the records of a study, and says in one line what they are and how to make them again.
 * @param folder default data/results
 * @throws when there are none yet, naming the command that makes them
 * @example studyRecords("minilm-trec").records.length // 175
 */
export function studyRecords(name: StudyName, folder: string = "data/results"): StudyRecords {
  const grid = divergenceGrid(name);
  const path = `${folder}/${grid.name}.jsonl`;
  const command = `npm run experiment -- ${grid.name}`;
  if (recordFiles(path).length === 0)
    throw new Error(`records of ${name}: expected ${path}, got no such file; \`${command}\` makes it`);
  const found = readRecords(path);
  const { records } = found;
  for (const complaint of complaints(found)) console.log(complaint);
  const [first] = records;
  const none = found.damaged.length === 0 ? "an empty file" : "damaged lines alone";
  if (first === undefined) throw new Error(`${path}: expected records, got ${none}; \`${command}\` makes them`);
  const dates = records.map(({ endedAt }) => endedAt.slice(0, 10)).sort();
  const commits = [...new Set(records.map(({ commit }) => commit))];
  const seeds = [...new Set(records.map(({ seed }) => seed))].sort((a, b) => a - b);
  const hours = records.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0) / 3_600_000;
  const remark = faultRemark(records);
  console.log(
    `from the record of ${records.length} runs, ${hours.toFixed(1)} hours of one thread on ${first.machine}; made by \`${command}\`${remark === null ? "" : `; ${remark}`}`,
  );
  const [model, task] = name === "minilm-trec" ? ["all-MiniLM-L6-v2", "TREC"] : ["SmolLM2-135M-Instruct", "SST-2"];
  return {
    records,
    origin: {
      kind: "measured",
      date: dates.at(-1) ?? "",
      model,
      data: `${task}, 128 texts`,
      seeds,
      commit: commits.join("/"),
      remark,
    },
  };
}

import { fail } from "../check/check";
import { allRecords, experimentNames, experiments } from "../experiment/catalogue";
import { cellsOf } from "../experiment/cells";
import { faultRemark } from "../experiment/faults";
import type { Scale } from "../experiment/options";
import type { PlannedRun } from "../experiment/plan";
import type { ExperimentRecord } from "../experiment/record";
import { complaints, readRecords } from "../experiment/store";
import type { Origin } from "../table/origin";
import type { PlannedRecord } from "../table/paper-cells";

/** Every run that an experiment plans, with its record where it has one. */
export interface PaperRecords {
  readonly planned: readonly PlannedRecord[];
  /** Tasks in the experiment's order. */
  readonly tasks: readonly string[];
  readonly origin: Extract<Origin, { readonly kind: "measured" }>;
}

/**
 * Gives the runs that an experiment plans and the committed records of them, whichever experiment made them; says in one line how many there
 * are, and the command that makes the rest.
 * @param asked the scale, "tiny" or "full"
 * @param folder default data/results
 * @throws when there is no experiment of that name at that scale
 * @example paperRecords("glue-roberta").tasks // ["trec", ...]
 */
export function paperRecords(name: string, asked: string = "tiny", folder: string = "data/results"): PaperRecords {
  const scale: Scale = asked === "tiny" || asked === "full" ? asked : fail("scale", '"tiny" or "full"', asked);
  const grid = experiments(scale, name).find((one) => one.name === name);
  if (grid === undefined) return fail("experiment", `one of ${experimentNames(scale).join(", ")}`, name);
  const known = new Map<string, ExperimentRecord<PlannedRun>>();
  for (const path of allRecords(folder)) {
    const found = readRecords(path);
    for (const complaint of complaints(found)) console.log(complaint);
    for (const record of found.records) known.set(record.key, record as ExperimentRecord<PlannedRun>);
  }
  const planned = cellsOf(grid).map((cell) => ({ cell, record: known.get(cell.key) ?? null }));
  const records = planned.flatMap(({ record }) => record ?? []);
  const command = `npm run experiment -- ${name}${scale === "tiny" ? "" : ` --scale ${scale}`}`;
  const hours = records.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0) / 3_600_000;
  const machines = unique(records.map(({ machine }) => machine)).join("; ");
  const remark = faultRemark(records);
  console.log(
    records.length === 0
      ? `no record of ${planned.length} planned runs: not measured yet; \`${command}\` makes them`
      : `from the record of ${records.length} of ${planned.length} planned runs, ${hours.toFixed(1)} hours on ${machines}; ` +
          `\`${command}\` ${records.length < planned.length ? "makes the rest" : "made them"}` +
          (remark === null ? "" : `; ${remark}`),
  );
  return describedRecords(planned);
}

/**
 * Gives the runs of an experiment that some condition holds for, with what figures made of these alone say of their origin.
 * For example `partOf(records, ({ cell }) => cell.seed < 2).origin.seeds`: [0, 1].
 */
export function partOf({ planned }: PaperRecords, condition: (one: PlannedRecord) => boolean): PaperRecords {
  return describedRecords(planned.filter(condition));
}

function describedRecords(planned: readonly PlannedRecord[]): PaperRecords {
  const records = planned.flatMap(({ record }) => record ?? []);
  const tasks = unique(planned.map(({ cell }) => cell.task ?? cell.settings.task));
  const dates = records.map(({ endedAt }) => endedAt.slice(0, 10)).sort();
  return {
    planned,
    tasks,
    origin: {
      kind: "measured",
      date: dates.at(-1) ?? "no date",
      model: unique(planned.map(({ cell }) => cell.settings.model)).join(", "),
      data: tasks.length === 1 ? tasks[0] : "short texts",
      seeds: unique(records.map(({ seed }) => seed)),
      commit: unique(records.map(({ commit }) => commit)).join("/") || "none",
      remark: faultRemark(records),
    },
  };
}

const unique = <T>(values: readonly T[]): readonly T[] => [...new Set(values)];

import type { AdapterSpec } from "../adapter/adapter";
import type { LoadedModel } from "../engine/load-model";
import { allRecords } from "../experiment/catalogue";
import type { PlannedRun } from "../experiment/plan";
import type { ExperimentRecord } from "../experiment/record";
import { readRecords } from "../experiment/store";
import type { Schedule } from "../schedule/schedule";
import { queriesKind, rateRows, suggestRate } from "../table/rates";
import type { RateRow, RateSuggestion } from "../table/rates";

/**
 * Gives what each learning rate came to in the committed records, by model, adapter and queries; `npm run experiment -- rates` and the grids of
 * the tables make them.
 * For example `showTable(rateTable(measuredRates()))`.
 * @param folder default data/results
 */
export function measuredRates(folder: string = "data/results"): readonly RateRow[] {
  const records = new Map<string, ExperimentRecord<PlannedRun>>();
  for (const path of allRecords(folder))
    for (const record of readRecords(path).records) records.set(record.key, record as ExperimentRecord<PlannedRun>);
  return rateRows([...records.values()]);
}

/**
 * Makes a learning rate to begin with, from the committed records: the one that took most off the dev loss, runs that were lost counted as
 * nothing. `mezo()` and `adazeta()` themselves keep the reference's 1e-4.
 * For example `suggestedRate(minilm, { kind: "lora", rank: 8, alpha: 16, targets: ["query", "value"] }, 4).rate`: 3e-3.
 * @param queries a number or a schedule, as the method has it; default 1
 * @returns no rate, and what to try, for a model or an adapter that nobody has measured
 */
export function suggestedRate(
  model: string | Pick<LoadedModel, "name">,
  { kind }: Pick<AdapterSpec, "kind">,
  queries: number | Schedule = 1,
): RateSuggestion {
  return suggestRate(measuredRates(), typeof model === "string" ? model : model.name, kind, queriesKind(queries));
}

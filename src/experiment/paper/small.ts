import type { StudySettings } from "../arm";
import type { ArmId } from "../arms";
import { studySettings } from "../divergence";
import type { StudyChanges, StudyName } from "../divergence";
import type { GridRow } from "../grid-arm";
import type { TablePart, Work } from "./table-part";

/** What a table at tiny scale is made on: one of the two small models, with the settings of its study. */
export interface Small {
  readonly study: StudyName;
  readonly work: (tokens: number) => Work;
}

/** Millions of operations a token, of all linear layers. */
export const small: Readonly<Record<"minilm" | "smollm2", Small>> = {
  minilm: { study: "minilm-trec", work: (tokens) => ({ perToken: 21, tokens }) },
  smollm2: { study: "smollm2-sst2", work: (tokens) => ({ perToken: 212, tokens }) },
};

/** Gives what the arms share on a small model: Figure 1's laptop settings; its schedule reaches 8 queries after 15 epochs, however many there are. */
export function smallSettings(
  { study }: Small,
  changes: StudyChanges = {},
): (learningRate: number, train?: number) => StudySettings {
  return (learningRate, train) => ({
    ...studySettings(study, learningRate, { ...changes, ...(train !== undefined && { train }) }),
    prefixTokens: 5,
  });
}

/** Learning rates of arms that train another kind of part; each has as many trials as the rest of its table. */
const OWN_RATES: Partial<Readonly<Record<ArmId, readonly number[]>>> = {
  mezo: [1e-5, 1e-6, 1e-4],
  "mezo-prefix": [1e-2, 1e-3, 1e-1],
  "first-order-lora": [1e-3, 3e-4, 3e-3],
};
/** epsilon of the prefix. Source: princeton-nlp/MeZO, README of medium_models and of large_models. */
const OWN_SCALES: Partial<Readonly<Record<ArmId, number>>> = { "mezo-prefix": 0.1 };

/** Gives the rows of a table of small runs, one for each arm, with so many trials each. */
export function smallArms(ids: readonly ArmId[], trials: number): readonly GridRow[] {
  return ids.map((id) => {
    const [learningRates, perturbationScale] = [OWN_RATES[id]?.slice(0, trials), OWN_SCALES[id]];
    return { id, ...(learningRates && { learningRates }), ...(perturbationScale && { perturbationScale }) };
  });
}

/**
 * The arms of tables whose runs on a study's problem are the study's own: its records count. The list stays as it is: in a table, an arm that
 * joins a study later has runs of its own.
 */
const OF_STUDY = [
  "adazeta",
  "mezo-lora",
  "lora-schedule",
  "mezo-lora-smaller-rate",
] as const satisfies readonly ArmId[];

/** Says which runs of a table on a study's own problem and settings are the study's. */
export function ofStudy({ study: name }: Small): NonNullable<TablePart["study"]> {
  return { name, arms: OF_STUDY };
}

/** Of the paper's rates around 1e-4 at full size, the three that small models learn at (see the divergence study). */
export const SMALL_RATES = [3e-3, 1e-3, 1e-2] as const;
export const SMALL_SEEDS = [0, 1, 2] as const;
export const ALWAYS: Pick<TablePart, "threads" | "evaluateEvery"> = { threads: 1, evaluateEvery: 20 };

/** Arms whose steps are dear, or that stand beside the table as a ceiling: one draw of the data, one rate. */
export const DEAR = ["first-order-lora", "mezo"] as const satisfies readonly ArmId[];

/** Gives the dear arms on a part's problem. */
export function dearPart(part: TablePart): TablePart {
  return { ...part, arms: smallArms(DEAR, 1), seeds: [0], learningRates: [3e-3] };
}

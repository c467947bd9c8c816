import type { AdapterSpec } from "../adapter/adapter";
import { fail, nonNegativeInteger } from "../check/check";
import type { Model } from "../model/model";
import type { Method } from "../optimizer/method";
import { armOf } from "./arms";
import type { ArmId } from "./arms";
import type { StudyName } from "./divergence";
import { isStill } from "./plan";
import { partFrom } from "./search-grid";
import type { Start } from "./search-grid";

/** What is named for one kind of model: an arm of the search, what it starts from, and its rate. */
export interface WellSpentRow {
  readonly study: StudyName;
  readonly arm: ArmId;
  readonly start: Start;
  readonly learningRate: number;
}

/** What spends forward passes best here, for encoders and for models with label words: the frozen choice (`data/frozen-choice.json`), which a test holds it to. */
export const WELL_SPENT: Readonly<Record<"pooled" | "words", WellSpentRow>> = {
  pooled: { study: "minilm-trec", arm: "xs-15-spread", start: "probe", learningRate: 0.1 },
  words: { study: "smollm2-sst2", arm: "xs-15-spread", start: "calibrated", learningRate: 0.03 },
};

/** Which of the two a model's outputs are read by. */
const BY_READING: Readonly<Record<Model["reading"], keyof typeof WELL_SPENT>> = {
  pooled: "pooled",
  masked: "words",
  causal: "words",
};

/** An adapter, a method and a start that belong together. */
export interface WellSpent {
  readonly adapter: AdapterSpec;
  readonly method: Method;
  /** For `openProblem`, of tasks with classes; absent: the model's own. */
  readonly readout?: "probe" | "calibrated";
}

/**
 * Gives what spends forward passes best on a model: a small core between frozen factors, from a readout that is fitted first.
 * @param passes that will be spent: a rate that falls has fallen by then
 * @param rate in place of the one that was chosen
 * @example wellSpent({ reading: "pooled" }, 800).readout // "probe"
 * @throws when it is no model (what `openModel` gives holds one, as `model`), or passes are no number of them
 */
export function wellSpent(model: Pick<Model, "reading">, passes: number, rate?: number): WellSpent {
  const reading = (model as Pick<Model, "reading"> | null | undefined)?.reading;
  if (reading === undefined || !Object.hasOwn(BY_READING, reading))
    return fail("model.reading", `${Object.keys(BY_READING).join(", ")}: wellSpent takes a model, as in (await openModel("minilm")).model`, reading); // prettier-ignore
  nonNegativeInteger("passes", passes);
  const { study, arm, start, learningRate: own } = WELL_SPENT[BY_READING[reading]];
  const learningRate = rate ?? own;
  const made = armOf(arm, { ...partFrom(study, start).settings(learningRate), scheduledPasses: passes });
  if (isStill(made)) return fail("WELL_SPENT", "an arm with steps", arm);
  return { adapter: made.adapter, method: made.method, ...(start !== "own" && { readout: start }) };
}

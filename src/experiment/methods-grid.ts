import type { ArmId } from "./arms";
import type { Grid, Part } from "./cells";
import { studies, studyArm } from "./divergence";
import type { StudyName } from "./divergence";
import type { PlannedRun } from "./plan";

/** The methods that are compared: each with one query and two losses a step, so that equal steps are equal forward passes. */
const METHODS = ["mezo-lora", "lozo", "lozo-m", "subzero"] as const satisfies readonly ArmId[];
const SEEDS = [0, 1, 2] as const;
const RATES = [3e-3, 1e-3, 1e-2] as const;
/** An entry of LOZO's directions has variance r = 2, so that a rate acts twice as strongly: its three begin lower. */
export const OWN_RATES: Partial<Readonly<Record<ArmId, readonly number[]>>> = {
  lozo: [1e-3, 3e-4, 3e-3],
  "lozo-m": [1e-3, 3e-4, 3e-3],
};

/**
 * Compares methods on one adapter, as many trials for each: TREC with MiniLM, then SST-2 with SmolLM2. MeZO's runs are the studies'.
 * @example cellsOf(methodsGrid()).length // 72: four methods, three seeds, three rates, two tasks
 */
export function methodsGrid(): Grid<PlannedRun> {
  const part = (name: StudyName): Part<PlannedRun> => ({
    task: studies[name].task,
    seeds: SEEDS,
    learningRates: RATES,
    arms: METHODS.map((id) => studyArm(name, id, OWN_RATES[id])),
  });
  return { name: "methods", stages: [[part("minilm-trec")], [part("smollm2-sst2")]] };
}

import type { AdapterSpec } from "../adapter/adapter";
import type { StudySettings } from "./arm";
import type { Grid } from "./cells";
import { studies, studySettings } from "./divergence";
import { gridArm } from "./grid-arm";
import type { GridPart } from "./grid-arm";
import type { PlannedRun } from "./plan";

/** Forward passes of a run: 120 steps with one query, 30 with four. */
const PASSES = 240;

const BOTTLENECK: AdapterSpec = {
  kind: "bottleneck",
  placement: "roberta",
  bottleneck: 16,
  activation: "relu",
  scale: 1,
};

/**
 * Short runs on MiniLM that say which learning rates are worth a try where the other grids do not: the reference's 1e-4 on LoRA, and
 * dense bottlenecks. `suggestedRate` reads them with all the others.
 * @example cellsOf(ratesGrid()).length // 12: three arms, four rates, one seed
 */
export function ratesGrid(): Grid<PlannedRun> {
  const { model, task, problem } = studies["minilm-trec"];
  const settings = (learningRate: number): StudySettings => ({
    ...studySettings("minilm-trec", learningRate),
    scheduledPasses: PASSES,
    bottleneck: BOTTLENECK,
    chunk: 1,
  });
  const part: GridPart = { model, task, problem, threads: 1, evaluateEvery: 40, settings, cost: () => PASSES };
  const arms = (["lora-one-query", "bottleneck-one-query", "bottleneck-q-4"] as const).map((id) =>
    gridArm(part, { id }),
  );
  return { name: "rates", stages: [[{ task, arms, seeds: [0], learningRates: [1e-4, 1e-3, 3e-3, 1e-2] }]] };
}

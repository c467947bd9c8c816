import { stepsPerEpoch } from "../schedule/forward-passes";
import type { ArmId } from "./arms";
import type { Grid } from "./cells";
import { studies, studySettings } from "./divergence";
import { gridArm } from "./grid-arm";
import type { GridPart } from "./grid-arm";
import { budgetOf } from "./plan";
import type { PlannedRun } from "./plan";

/** Steps of a run by exact gradients: four epochs. */
const STEPS = 64;
/** Steps of MeZO's, which the study's records have. */
const LOSS_STEPS = 240;
/** Steps between two evaluations, by exact gradients and in the study. */
const EVERY = 8;
const STUDY_EVERY = 20;
const SEEDS = [0, 1, 2] as const;

/**
 * Half decades around a guess, the middle one first: of SGD and AdamW from short runs at a few rates on a draw of the data of their own (seed 9), of
 * AdaLomo and LoRA from a usual one that trained there, of LOMO from the length of the gradient that it clips.
 */
const RATES = {
  "sgd-all-weights": [1e-2, 3e-3, 3e-2],
  "lomo-all-weights": [1e-1, 3e-2, 3e-1],
  "adalomo-all-weights": [1e-3, 3e-4, 3e-3],
  "adamw-all-weights": [3e-4, 1e-4, 1e-3],
  "first-order-lora": [1e-3, 3e-4, 3e-3],
} as const satisfies Partial<Readonly<Record<ArmId, readonly number[]>>>;

/** MeZO-LoRA's are the study's own, whose records count here. */
const LOSS_RATES = [1e-2, 3e-3, 3e-2] as const;

/**
 * Compares what training by exact gradients reaches with the state that it needs: all weights of MiniLM on TREC by SGD, LOMO, AdaLomo and AdamW, LoRA by
 * AdamW, and MeZO-LoRA, which needs losses alone. As many rates and seeds for each.
 * @example cellsOf(firstOrderGrid()).length // 54: six arms, three rates, three seeds
 */
export function firstOrderGrid(): Grid<PlannedRun> {
  const { model, task, problem } = studies["minilm-trec"];
  const part = (steps: number, known: readonly ArmId[]): GridPart => ({
    ...{ model, task, problem, threads: 1 },
    settings: (learningRate, train) =>
      studySettings("minilm-trec", learningRate, { steps, ...(train !== undefined && { train }) }),
    evaluateEvery: steps === STEPS ? EVERY : STUDY_EVERY,
    // A step back through all weights takes about as long as ten forward passes.
    cost: (arm) => ("adapter" in arm && arm.adapter.kind === "full" ? 10 : 1) * budgetOf(arm, stepsPerEpoch(problem.train, problem.batchSize)).forwardPasses, // prettier-ignore
    study: { name: "minilm-trec", arms: known },
  });
  const exact = part(STEPS, []);
  const ids = Object.keys(RATES) as readonly (keyof typeof RATES)[];
  const arms = [
    ...ids.map((id) => gridArm(exact, { id, learningRates: RATES[id] })),
    gridArm(part(LOSS_STEPS, ["mezo-lora"]), { id: "mezo-lora", learningRates: LOSS_RATES }),
  ];
  return {
    name: "first-order-memory",
    stages: [[{ task, seeds: SEEDS, learningRates: RATES["first-order-lora"], arms }]],
  };
}

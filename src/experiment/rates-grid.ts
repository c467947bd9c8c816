import type { AdapterSpec } from "../adapter/adapter";
import { mezo } from "../optimizer/recipes";
import type { Arm, Grid } from "./cells";
import { studies } from "./divergence";
import type { PlannedRun } from "./plan";

/** Forward passes of a run: 120 steps with one query, 30 with four. */
const PASSES = 240;

const LORA: AdapterSpec = { kind: "lora", rank: 8, alpha: 16, targets: ["query", "value"] };
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
  const arm = (name: string, adapter: AdapterSpec, queries: number): Arm<PlannedRun> => ({
    name: name.toLowerCase().replace(/[^a-z0-9]+/g, "-"),
    cost: PASSES,
    settings: (seed, learningRate) => ({
      model,
      task,
      problem,
      seed,
      evaluateEvery: 40 / queries,
      threads: 1,
      arm: {
        name,
        adapter,
        batchSize: problem.batchSize,
        budget: { kind: "forward-passes", forwardPasses: PASSES },
        method: mezo({ learningRate, queries }),
      },
    }),
  });
  const arms = [
    arm("LoRA, one query", LORA, 1),
    arm("bottleneck, one query", BOTTLENECK, 1),
    arm("bottleneck, Q 4", BOTTLENECK, 4),
  ];
  return { name: "rates", stages: [[{ task, arms, seeds: [0], learningRates: [1e-4, 1e-3, 3e-3, 1e-2] }]] };
}

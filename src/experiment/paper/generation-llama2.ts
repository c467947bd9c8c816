import type { Grid } from "../cells";
import { studies } from "../divergence";
import type { Scale } from "../options";
import type { PlannedRun } from "../plan";
import { fullArms, fullSettings, llama } from "./full";
import { small, smallArms, smallSettings } from "./small";
import { tablePart } from "./table-part";
import type { TablePart } from "./table-part";

/**
 * Gives the Llama-2 table of answers to write: SQuAD and DROP, judged by F1 and exact match.
 * tiny: SmolLM2-135M, zero-shot and one short run on short paragraphs of SQuAD; 40 answers are written at the end.
 * Source: as `superglueLlama2`.
 */
export function generationLlama2(scale: Scale): Grid<PlannedRun> {
  return { name: "generation-llama2", stages: [(scale === "tiny" ? [squad()] : fullParts()).map(tablePart)] };
}

function squad(): TablePart {
  const { smollm2 } = small;
  const problem = { batchSize: 4, train: 48, dev: 24, test: 40, maxTokens: 130 };
  return {
    task: "squad",
    model: studies[smollm2.study].model,
    problem,
    settings: smallSettings(smollm2, { steps: 36, train: problem.train, batchSize: problem.batchSize }),
    arms: smallArms(["zero-shot", "adazeta", "mezo-lora"], 1),
    seeds: [0],
    learningRates: [1e-3],
    threads: 1,
    evaluateEvery: 12,
    work: smollm2.work(110),
  };
}

function fullParts(): readonly TablePart[] {
  return ["squad", "drop"].map((task) => ({
    task,
    model: "llama-2-7b",
    problem: {
      batchSize: llama.batchSize,
      train: 1000,
      dev: 500,
      test: 1000,
      cutTo: 2048,
      protocol: "thousand" as const,
    },
    settings: fullSettings(llama, 1000),
    arms: fullArms(llama, { probe: false }),
    seeds: [0],
    learningRates: [llama.learningRate],
    evaluateEvery: llama.evaluateEvery,
    threads: 0,
    work: { perToken: 13_200, tokens: 250 },
  }));
}

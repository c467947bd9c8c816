import type { Grid } from "../cells";
import { studies } from "../divergence";
import type { Scale } from "../options";
import type { PlannedRun } from "../plan";
import { paperArmNames } from "./paper-arm";
import { fullArms, fullSettings, llama } from "./full";
import { ALWAYS, small, SMALL_RATES, SMALL_SEEDS, smallArms, smallSettings } from "./small";
import { tablePart } from "./table-part";
import type { TablePart } from "./table-part";

/**
 * The Llama-2 table of classification and choice: SST-2 and SuperGLUE, 1,000 / 500 / 1,000 texts.
 * tiny: SmolLM2-135M on short prompts.
 * Source: AdaZeta's code names the tasks; settings in `full`; the protocol is MeZO's, arXiv 2305.17333, appendix.
 */
export function superglueLlama2(scale: Scale): Grid<PlannedRun> {
  return { name: "superglue-llama2", stages: scale === "tiny" ? tinyStages() : [fullParts().map(tablePart)] };
}

function tinyStages(): Grid<PlannedRun>["stages"] {
  const { smollm2 } = small;
  const { model, problem } = studies[smollm2.study];
  const sst2: TablePart = {
    ...{ ...ALWAYS, model, problem, task: "sst2", study: smollm2.study, settings: smallSettings(smollm2) },
    arms: smallArms(paperArmNames, SMALL_RATES.length),
    ...{ seeds: SMALL_SEEDS, learningRates: SMALL_RATES, work: smollm2.work(8) },
  };
  return [[tablePart(sst2)]];
}

/** Training texts; CB and COPA have fewer than 1,000 and a dev of 100. */
const TASKS = [
  { task: "sst2", train: 1000, dev: 500, probe: true },
  { task: "rte", train: 1000, dev: 500, probe: true },
  { task: "cb", train: 150, dev: 100, probe: true },
  { task: "boolq", train: 1000, dev: 500, probe: true },
  { task: "wsc", train: 454, dev: 100, probe: true },
  { task: "wic", train: 1000, dev: 500, probe: true },
  { task: "multirc", train: 1000, dev: 500, probe: true },
  { task: "copa", train: 300, dev: 100, probe: false },
  { task: "record", train: 1000, dev: 500, probe: false },
] as const;

function fullParts(): readonly TablePart[] {
  return TASKS.map(({ task, train, dev, probe }) => ({
    ...{ task, model: "llama-2-7b" },
    problem: { batchSize: llama.batchSize, train, dev, test: 1000 },
    settings: fullSettings(llama, train),
    arms: fullArms(llama, { probe }),
    seeds: [0],
    learningRates: [llama.learningRate],
    evaluateEvery: llama.evaluateEvery,
    threads: 0,
    work: { perToken: 13_200, tokens: 100 },
  }));
}

import type { ArmId } from "../arms";
import type { Grid } from "../cells";
import { studies, studySettings } from "../divergence";
import type { Scale } from "../options";
import type { PlannedRun } from "../plan";
import { fullSettings, llama } from "./full";
import { ofStudy, small } from "./small";
import { tablePart } from "./table-part";
import type { TablePart } from "./table-part";

/** AdaZeta with one thing changed: `changedRows` says what. */
const CHANGES = [
  "constant-q-1",
  "constant-q-2",
  "constant-q-4",
  "constant-q-8",
  "batch-x4-one-query",
  "alpha-0.5",
  "alpha-3",
  "beta-0.4",
  "beta-1.1",
  "cap-2",
  "cap-16",
  "rank-2",
  "rank-20",
  "bottleneck-16",
  "initial-scale-0.1",
  "no-biases",
  "upper-half-of-the-layers",
  "tt-rate-decay",
] as const satisfies readonly ArmId[];
/** What everything is compared with; its runs on a small model are the study's. */
const UNCHANGED = { id: "adazeta" } as const;

/** Gives the ablation: tiny on TREC with MiniLM, AdaZeta on three draws and each change on one; full on SST-2 with Llama-2-7B. */
export function ablation(scale: Scale): Grid<PlannedRun> {
  return { name: "ablation", stages: [(scale === "tiny" ? tinyParts() : [fullPart()]).map(tablePart)] };
}

function tinyParts(): readonly TablePart[] {
  const { minilm } = small;
  const { model, problem, task } = studies[minilm.study];
  const common = {
    model,
    task,
    problem,
    evaluateEvery: 20,
    threads: 1,
    work: minilm.work(11),
    study: ofStudy(minilm),
    settings: (learningRate: number, train?: number) => ({
      ...studySettings(minilm.study, learningRate, train === undefined ? {} : { train }),
      layers: 6,
    }),
  };
  return [
    { ...common, seeds: [0, 1, 2], learningRates: [3e-3, 1e-2], arms: [UNCHANGED] },
    { ...common, seeds: [0], learningRates: [3e-3], arms: CHANGES.map((id) => ({ id })) },
  ];
}

function fullPart(): TablePart {
  const at = fullSettings(llama, 1000);
  return {
    model: "llama-2-7b",
    task: "sst2",
    problem: { batchSize: llama.batchSize, train: 1000, dev: 500, test: 1000, cutTo: 2048, protocol: "thousand" },
    settings: (learningRate, train) => ({ ...at(learningRate, train), layers: 32 }),
    evaluateEvery: llama.evaluateEvery,
    threads: 0,
    work: { perToken: 13_200, tokens: 25 },
    seeds: [0],
    learningRates: [1e-4],
    arms: [UNCHANGED, ...CHANGES.map((id) => ({ id }))],
  };
}

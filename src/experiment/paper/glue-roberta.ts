import { fewShotSeeds } from "../../task/protocol";
import type { ArmId } from "../arms";
import type { Grid } from "../cells";
import { studies } from "../divergence";
import type { Scale } from "../options";
import type { PlannedRun } from "../plan";
import { fullArms, fullSettings, roberta } from "./full";
import { ALWAYS, dearPart, ofStudy, small, SMALL_RATES, SMALL_SEEDS, smallArms, smallSettings } from "./small";
import { tablePart } from "./table-part";
import type { TablePart } from "./table-part";

/**
 * Gives the k-shot tables of RoBERTa-large on GLUE tasks, k = 16 and 512, five draws of the data.
 * tiny: MiniLM, a sentence encoder without a masked-LM head, with class prototypes. Not the paper's protocol.
 * Source: MeZO, arXiv 2305.17333, table 18 (tasks, k, seeds, arms); settings of yifanycc/AdaZeta's scripts, see `full`.
 */
export function glueRoberta(scale: Scale): Grid<PlannedRun> {
  return { name: "glue-roberta", stages: scale === "tiny" ? tinyStages() : [fullParts().map(tablePart)] };
}

function tinyStages(): Grid<PlannedRun>["stages"] {
  const { minilm } = small;
  const { model, problem } = studies[minilm.study];
  const common = { ...ALWAYS, model, problem, settings: smallSettings(minilm) };
  const trec: TablePart = {
    ...common,
    task: "trec",
    study: ofStudy(minilm),
    arms: smallArms(TREC_ARMS, SMALL_RATES.length),
    seeds: SMALL_SEEDS,
    learningRates: SMALL_RATES,
    work: minilm.work(11),
  };
  const sentences = (["sst2", "sst5"] as const).map((task) => ({
    ...common,
    task,
    arms: smallArms(["zero-shot", "linear-probe", "adazeta", "mezo-lora"], 1),
    seeds: [0],
    learningRates: [3e-3],
    work: minilm.work(11),
  }));
  return [[trec], [dearPart(trec)], sentences].map((stage) => stage.map(tablePart));
}

/** The arms on TREC, but for the dear ones. */
const TREC_ARMS: readonly ArmId[] = [
  "zero-shot",
  "linear-probe",
  "adazeta",
  "mezo-lora",
  "lora-schedule",
  "mezo-lora-smaller-rate",
  "tt-constant-q",
  "lora-constant-q",
  "mezo-prefix",
];

const TASKS = ["sst2", "sst5", "snli", "mnli", "rte", "trec"] as const;
/** Longest texts in tokens are the task's own (128, pairs 256). */
function fullParts(): readonly TablePart[] {
  return [16, 512].flatMap((k) =>
    TASKS.map((task) => ({
      task,
      title: `${task}-k${k}`,
      model: "roberta-large",
      problem: {
        batchSize: roberta.batchSize,
        train: { perClass: k },
        dev: { perClass: k },
        test: 1000,
        protocol: "few-shot" as const,
      },
      settings: fullSettings(roberta, classesOf(task) * k),
      arms: fullArms(roberta),
      seeds: fewShotSeeds,
      learningRates: [roberta.learningRate],
      evaluateEvery: roberta.evaluateEvery,
      threads: 0,
      work: { perToken: 606, tokens: 40 },
    })),
  );
}

function classesOf(task: (typeof TASKS)[number]): number {
  return { sst2: 2, sst5: 5, snli: 3, mnli: 3, rte: 2, trec: 6 }[task];
}

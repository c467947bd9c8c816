import type { Grid } from "../cells";
import { studies } from "../divergence";
import type { Scale } from "../options";
import type { PlannedRun } from "../plan";
import { fullArms, fullSettings, llama } from "./full";
import { ALWAYS, small, SMALL_RATES, SMALL_SEEDS, dearPart, ofStudy, smallArms, smallSettings } from "./small";
import { tablePart } from "./table-part";
import type { TablePart } from "./table-part";

/**
 * Gives the Llama-2 table of classification and choice: SST-2 and SuperGLUE, 1,000 / 500 / 1,000 texts.
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
    ...ALWAYS,
    model,
    problem,
    task: "sst2",
    study: ofStudy(smollm2),
    settings: smallSettings(smollm2),
    arms: [...smallArms(["zero-shot", "linear-probe", ...COMPARED, "tt-constant-q"], SMALL_RATES.length), ...ONE_RATE],
    seeds: SMALL_SEEDS,
    learningRates: SMALL_RATES,
    work: smollm2.work(8),
  };
  const copa: TablePart = {
    threads: 1,
    evaluateEvery: 40,
    model,
    task: "copa",
    settings: smallSettings(smollm2, { steps: 120 }),
    problem: { batchSize: 8, train: 128, dev: 100, test: 100, maxTokens: 24 },
    arms: [
      ...smallArms(["zero-shot", ...COMPARED], SMALL_RATES.length),
      { id: "tt-constant-q", learningRates: [3e-3] },
    ],
    seeds: SMALL_SEEDS,
    learningRates: SMALL_RATES,
    work: smollm2.work(13),
  };
  // Their steps take seconds on 135 million parameters: a quarter as many.
  const dear = [sst2, copa].map((part) => dearPart({ ...part, settings: smallSettings(smollm2, { steps: 60 }) }));
  return [[sst2, copa], dear, SHORT.map(shortPart), LONG.map(longPart)].map((stage) => stage.map(tablePart));
}

const COMPARED = ["adazeta", "mezo-lora"] as const;
/** What lies between AdaZeta and MeZO-LoRA, as in Figure 1's study: at its rate alone. */
const ONE_RATE = [
  { id: "mezo-lora-smaller-rate", learningRates: [3e-3] },
  { id: "lora-schedule", learningRates: [3e-3] },
] as const;

interface SmallTask {
  readonly task: string;
  readonly steps: number;
  readonly tokens: number;
  readonly problem: PlannedRun["problem"];
}

/** One draw each, prompts as short as leaves enough texts. */
const SHORT: readonly SmallTask[] = [
  { task: "sst5", steps: 80, tokens: 9, problem: { batchSize: 8, train: 128, dev: 100, test: 150, maxTokens: 11 } },
  { task: "wic", steps: 60, tokens: 34, problem: { batchSize: 8, train: 128, dev: 60, test: 150, maxTokens: 36 } },
  { task: "wsc", steps: 60, tokens: 37, problem: { batchSize: 8, train: 100, dev: 60, test: 60, maxTokens: 42 } },
  { task: "rte", steps: 60, tokens: 46, problem: { batchSize: 8, train: 128, dev: 60, test: 60, maxTokens: 54 } },
  { task: "cb", steps: 40, tokens: 75, problem: { batchSize: 8, train: 100, dev: 50, test: 56, maxTokens: 110 } },
];
/** Zero-shot and one short run. */
const LONG: readonly SmallTask[] = [
  { task: "boolq", steps: 24, tokens: 65, problem: { batchSize: 8, train: 64, dev: 40, test: 100, maxTokens: 80 } },
  { task: "multirc", steps: 16, tokens: 185, problem: { batchSize: 4, train: 32, dev: 30, test: 60, maxTokens: 200 } },
];

function shortPart(small: SmallTask): TablePart {
  return { ...onePart(small), arms: smallArms(["zero-shot", "adazeta", "mezo-lora"], 1) };
}

function longPart(small: SmallTask): TablePart {
  return { ...onePart(small), arms: smallArms(["zero-shot", "adazeta"], 1) };
}

function onePart({ task, steps, tokens, problem }: SmallTask): Omit<TablePart, "arms"> {
  const { smollm2 } = small;
  const { model } = studies[smollm2.study];
  const settings = smallSettings(smollm2, { steps, train: sizeOf(problem.train), batchSize: problem.batchSize });
  const [seeds, learningRates] = [[0], [3e-3]];
  return {
    task,
    model,
    problem,
    settings,
    seeds,
    learningRates,
    threads: 1,
    evaluateEvery: 20,
    work: smollm2.work(tokens),
  };
}

const sizeOf = (size: PlannedRun["problem"]["train"]): number => (typeof size === "number" ? size : size.perClass);

/**
 * Training texts as planned; CB and COPA have fewer than 1,000 and a dev of 100. Where repeats leave fewer (of WSC's 454 there are 425)
 * a run's epochs, schedule and budget follow what is there.
 */
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
    task,
    model: "llama-2-7b",
    problem: { batchSize: llama.batchSize, train, dev, test: 1000, cutTo: 2048, protocol: "thousand" as const },
    settings: fullSettings(llama, train),
    arms: fullArms(llama, { probe }),
    seeds: [0],
    learningRates: [llama.learningRate],
    evaluateEvery: llama.evaluateEvery,
    threads: 0,
    work: { perToken: 13_200, tokens: 100 },
  }));
}

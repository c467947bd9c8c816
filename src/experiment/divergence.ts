import type { AdapterSpec } from "../adapter/adapter";
import { forwardPasses, stepsPerEpoch, TWO_SIDED } from "../schedule/forward-passes";
import type { Arm as TrainedArm, StudySettings } from "./arm";
import type { ArmId } from "./arms";
import type { Arm, Grid } from "./cells";
import { fail } from "../check/check";
import { gridArm } from "./grid-arm";
import type { GridPart } from "./grid-arm";
import { budgetOf, isStill } from "./plan";
import type { PlannedRun } from "./plan";
import type { ProblemOptions } from "./problem";

/** The two halves of the study: many seeds and rates on a small encoder, and the same arms on a language model. */
export type StudyName = "minilm-trec" | "smollm2-sst2";

/** A run of the study: its settings name the study, so that records keep their keys. */
export interface DivergenceSettings extends PlannedRun {
  readonly study: StudyName;
  readonly arm: TrainedArm;
}

/** What one half of the study is made of. */
export interface Study {
  readonly model: "minilm" | "smollm2";
  readonly task: "trec" | "sst2";
  readonly problem: Omit<ProblemOptions, "seed"> & { readonly train: number };
  readonly learningRates: readonly number[];
  readonly seeds: readonly number[];
  readonly tensorTrain: AdapterSpec;
  readonly chunk: number;
}

const STEPS = 240;
const BATCH = 8;
const TRAIN = 128;
const LORA: AdapterSpec = { kind: "lora", rank: 8, alpha: 16, targets: ["query", "value"] };

export const studies: Readonly<Record<StudyName, Study>> = {
  "minilm-trec": {
    model: "minilm",
    task: "trec",
    problem: { batchSize: BATCH, train: TRAIN, dev: 100, test: 200, maxTokens: 12, shots: 8 },
    learningRates: [3e-3, 1e-2, 1e-3, 3e-2, 3e-4],
    seeds: [0, 1, 2, 3, 4],
    tensorTrain: { kind: "tensor-train", placement: "roberta", rank: 5, bottleneck: 64, scale: 1, modes: null },
    chunk: 4,
  },
  "smollm2-sst2": {
    model: "smollm2",
    task: "sst2",
    problem: { batchSize: BATCH, train: TRAIN, dev: 100, test: 200, maxTokens: 10, minWords: 3 },
    learningRates: [3e-3],
    seeds: [0, 1, 2],
    tensorTrain: { kind: "tensor-train", placement: "llama", rank: 5, bottleneck: 64, scale: 0.3, modes: null },
    chunk: 2,
  },
};

/** AdaZeta's schedule at laptop scale: alpha 0.85, 8 queries at the end of 15 epochs, at most 8. */
export const laptopSchedule = {
  kind: "power-law",
  form: "current",
  multiplier: 0.85,
  exponent: { target: 8, epochs: 15 },
  cap: 8,
} as const;

/** What a reader may change in a study. */
export interface StudyChanges {
  readonly steps?: number;
  /** Multiplier of the schedule. */
  readonly alpha?: number;
  /** Exponent of the schedule. */
  readonly beta?: number;
  /** Most queries of a step. */
  readonly cap?: number;
  /** Training texts, which decide the steps of an epoch; with fewer than the study's where another task is trained. */
  readonly train?: number;
  readonly batchSize?: number;
}

/**
 * Gives what the arms of a study share at one learning rate.
 * @example studySettings("minilm-trec", 3e-3).scheduledPasses // 1824
 */
export function studySettings(name: StudyName, learningRate: number, changes: StudyChanges = {}): StudySettings {
  const { tensorTrain, chunk, problem } = studies[name];
  const { steps = STEPS, alpha = laptopSchedule.multiplier, beta, cap = laptopSchedule.cap } = changes;
  const { train = problem.train, batchSize = problem.batchSize } = changes;
  const schedule = { ...laptopSchedule, multiplier: alpha, exponent: beta ?? laptopSchedule.exponent, cap };
  return {
    learningRate,
    steps,
    batchSize,
    schedule,
    scheduledPasses: forwardPasses(schedule, steps, stepsPerEpoch(train, batchSize), TWO_SIDED),
    perturbationScale: 1e-3,
    chunk,
    tensorTrain,
    lora: LORA,
  };
}

/** The arms of both studies. */
export const studyArms = [
  "adazeta",
  "mezo-lora",
  "lora-schedule",
  "tt-one-query",
  "mezo-lora-batch-x4",
  "random-mask",
  "mezo-lora-smaller-rate",
] as const satisfies readonly ArmId[];

/**
 * Gives the runs of an arm on a study's problem; their settings name the study. For example `studyArm("minilm-trec", "mezo-lora").name`: "mezo-lora".
 * @param learningRates of this arm; default: the grid's
 */
export function studyArm(name: StudyName, id: ArmId, learningRates?: readonly number[]): Arm<DivergenceSettings> {
  const { model, task, problem } = studies[name];
  const part: GridPart = {
    model,
    task,
    problem,
    threads: 1,
    evaluateEvery: 20,
    settings: (learningRate, train) => studySettings(name, learningRate, train === undefined ? {} : { train }),
    // In forward passes of a batch of the study's size.
    cost: (arm) =>
      isStill(arm)
        ? 0
        : (budgetOf(arm, stepsPerEpoch(problem.train, arm.batchSize)).forwardPasses * arm.batchSize) /
          problem.batchSize,
  };
  const line = gridArm(part, { id, ...(learningRates && { learningRates }) });
  return {
    ...line,
    settings(...of) {
      const run = line.settings(...of);
      return isStill(run.arm)
        ? fail(`arm ${id}`, "one with steps", run.arm.kind)
        : { ...run, study: name, arm: run.arm };
    },
  };
}

/**
 * Makes a study as a grid of arms x seeds x learning rates.
 * @example cellsOf(divergenceGrid("smollm2-sst2")).length // 21: 7 arms, 3 seeds, 1 learning rate
 */
export function divergenceGrid(name: StudyName): Grid<DivergenceSettings> {
  const { learningRates, seeds, task } = studies[name];
  const arms = studyArms.map((id) => studyArm(name, id));
  return { name: `divergence-${name}`, stages: [[{ task, seeds, learningRates, arms }]] };
}

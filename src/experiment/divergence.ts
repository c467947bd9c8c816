import type { AdapterSpec } from "../adapter/adapter";
import { forwardPasses, stepsPerEpoch } from "../schedule/forward-passes";
import { arm, armNames } from "./arm";
import type { Arm, ArmName, StudySettings } from "./arm";
import type { ProblemOptions } from "./problem";

/** The two halves of the study: many seeds and rates on a small encoder, and the same arms on a language model. */
export type StudyName = "minilm-trec" | "smollm2-sst2";

/** One run of the study, as plain data. */
export interface DivergenceCell {
  readonly study: StudyName;
  readonly arm: Arm;
  readonly armName: ArmName;
  /** The study's learning rate; an arm may run at a fraction of it (its method says). */
  readonly learningRate: number;
  readonly seed: number;
  readonly evaluateEvery: number;
}

/** What one half of the study is made of. */
export interface Study {
  readonly model: "minilm" | "smollm2";
  readonly task: "trec" | "sst2";
  readonly problem: Omit<ProblemOptions, "seed">;
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
}

/**
 * What the arms of a study share at one learning rate.
 * @example studySettings("minilm-trec", 3e-3).scheduledPasses // 1824
 */
export function studySettings(name: StudyName, learningRate: number, changes: StudyChanges = {}): StudySettings {
  const { tensorTrain, chunk, problem } = studies[name];
  const { steps = STEPS, alpha = laptopSchedule.multiplier, beta, cap = laptopSchedule.cap } = changes;
  const schedule = { ...laptopSchedule, multiplier: alpha, exponent: beta ?? laptopSchedule.exponent, cap };
  return {
    learningRate,
    steps,
    batchSize: problem.batchSize,
    schedule,
    scheduledPasses: forwardPasses(schedule, steps, stepsPerEpoch(problem.train, problem.batchSize), "two-sided"),
    perturbationScale: 1e-3,
    chunk,
    tensorTrain,
    lora: LORA,
  };
}

/**
 * All runs of a study, the most telling first: every arm of one seed and rate before the next seed, every seed before the next rate.
 * @example divergenceCells("smollm2-sst2").length // 21: 7 arms, 3 seeds, 1 learning rate
 */
export function divergenceCells(name: StudyName): readonly DivergenceCell[] {
  const { learningRates, seeds } = studies[name];
  return learningRates.flatMap((learningRate) =>
    seeds.flatMap((seed) =>
      armNames.map((armName) => ({
        study: name,
        arm: arm(armName, studySettings(name, learningRate)),
        armName,
        learningRate,
        seed,
        evaluateEvery: armName === "MeZO-LoRA, smaller rate" ? 80 : 20,
      })),
    ),
  );
}

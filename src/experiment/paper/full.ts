import type { AdapterSpec, LoraSpec } from "../../adapter/adapter";
import { forwardPasses, stepsPerEpoch, TWO_SIDED } from "../../schedule/forward-passes";
import type { StudySettings } from "../arm";
import type { ArmId } from "../arms";
import type { GridRow } from "../grid-arm";

/** The paper's own settings on one of its models. */
export interface FullScale {
  readonly steps: number;
  readonly evaluateEvery: number;
  readonly batchSize: number;
  /** Of AdaZeta and LoRA. */
  readonly learningRate: number;
  /** Of arms that train something else. */
  readonly own: Partial<Readonly<Record<ArmId, Omit<GridRow, "id">>>>;
  /** Of every zeroth-order arm. */
  readonly weightDecay: number;
  readonly tensorTrain: AdapterSpec;
  /** Of every arm that trains a LoRA. */
  readonly lora: AdapterSpec;
  /** Queries that the schedule reaches at the end, its multiplier and its cap. */
  readonly schedule: { readonly target: number; readonly multiplier: number; readonly cap: number };
}

/** Modes of RoBERTa-large's matrices, 1024 -> 64 and back. */
const ROBERTA_MODES = {
  down: { inputs: [8, 8, 16], outputs: [8, 8] },
  up: { inputs: [8, 8], outputs: [16, 8, 8] },
} as const;
/** Modes of Llama-2-7B's, 4096 -> 64 and back. */
const LLAMA_MODES = {
  down: { inputs: [16, 16, 16], outputs: [4, 4, 4] },
  up: { inputs: [4, 4, 4], outputs: [16, 16, 16] },
} as const;
const SCHEDULE = { target: 20, multiplier: 0.85, cap: 15 } as const;

/**
 * RoBERTa-large: AdaZeta and MeZO-LoRA at 1e-4, 80,000 steps of 16 texts, a look at dev every 1,000; MeZO 1e-6, prefix 1e-2 with
 * epsilon 0.1. The grids that were searched around these values: not found, so each arm has its published value alone. Rate of the
 * first-order arm: the one of MeZO's example. LoRA of rank 8; where it is trained the masked-LM head is too, and AdaZeta's is frozen,
 * as there: the two differ in more than the adapter.
 * Source: yifanycc/AdaZeta@3659ba3, medium_models (its script turns the schedule off; here it is the paper's); princeton-nlp/MeZO,
 *   medium_models/README.md (values of the example commands).
 */
export const roberta: FullScale = {
  steps: 80_000,
  evaluateEvery: 1000,
  batchSize: 16,
  learningRate: 1e-4,
  weightDecay: 0,
  schedule: SCHEDULE,
  own: {
    mezo: { learningRates: [1e-6] },
    "mezo-prefix": { learningRates: [1e-2], perturbationScale: 0.1 },
    "first-order-lora": { learningRates: [1e-4] },
  },
  tensorTrain: { kind: "tensor-train", placement: "roberta", rank: 5, bottleneck: 64, scale: 1, modes: ROBERTA_MODES },
  lora: { ...lora(8), head: "label words" },
};

/**
 * Llama-2-7B: AdaZeta and MeZO-LoRA at 1e-4, 10,000 steps of 16 texts, a look at dev every 200, weight decay 0.01 for every
 * zeroth-order arm; LoRA of rank 5, the scripts' one rank for all parts, and alpha 16, so alpha / r = 3.2; MeZO 5e-7; prefix 1e-3 with
 * epsilon 0.1 (MeZO's example for OPT-13B). Grids of each task: not found.
 * Source: yifanycc/AdaZeta@3659ba3, large_models (run_all_large_exp.sh and mezo.sh; run.py sets lora_r to rank); princeton-nlp/MeZO,
 *   large_models/README.md.
 */
export const llama: FullScale = {
  steps: 10_000,
  evaluateEvery: 200,
  batchSize: 16,
  learningRate: 1e-4,
  weightDecay: 0.01,
  schedule: SCHEDULE,
  own: {
    mezo: { learningRates: [5e-7] },
    "mezo-prefix": { learningRates: [1e-3], perturbationScale: 0.1 },
    "first-order-lora": { learningRates: [1e-4] },
  },
  tensorTrain: { kind: "tensor-train", placement: "llama", rank: 5, bottleneck: 64, scale: 1, modes: LLAMA_MODES },
  lora: lora(5),
};

/** Ours: enough for AdamW to settle on a thousand texts. */
const FIRST_ORDER_STEPS = 1000;

function lora(rank: number): LoraSpec {
  return { kind: "lora", rank, alpha: 16, targets: ["query", "value"] };
}

/**
 * Gives what the arms share. Training texts decide the epochs and so the schedule's exponent, and what it spends: those that are planned, or
 * those that a problem really has.
 */
export function fullSettings(
  full: FullScale,
  planned: number,
): (learningRate: number, train?: number) => StudySettings {
  const { steps, batchSize, weightDecay, tensorTrain, lora, schedule } = full;
  // Counted epoch by epoch, of which few texts make very many: once for all runs on as many texts.
  const spent = new Map<number, number>();
  return (learningRate, train = planned) => {
    const queries = {
      kind: "power-law",
      form: "current",
      multiplier: schedule.multiplier,
      cap: schedule.cap,
      exponent: { target: schedule.target, epochs: (steps * batchSize) / train },
    } as const;
    const scheduledPasses =
      spent.get(train) ?? forwardPasses(queries, steps, stepsPerEpoch(train, batchSize), TWO_SIDED);
    spent.set(train, scheduledPasses);
    return {
      learningRate,
      steps,
      batchSize,
      weightDecay,
      tensorTrain,
      lora,
      chunk: 1,
      schedule: queries,
      scheduledPasses,
      perturbationScale: 1e-3,
      prefixTokens: 5,
      firstOrderSteps: FIRST_ORDER_STEPS,
    };
  };
}

/** Gives all arms, or those without a linear probe for tasks that have no classes. */
export function fullArms(full: FullScale, { probe = true } = {}): readonly GridRow[] {
  const ids = probe ? FULL_ARMS : FULL_ARMS.filter((id) => id !== "linear-probe");
  return ids.map((id) => ({ id, ...full.own[id] }));
}

/** The arms of the tables at full scale. */
const FULL_ARMS: readonly ArmId[] = [
  "zero-shot",
  "linear-probe",
  "adazeta",
  "mezo-lora",
  "lora-schedule",
  "mezo-lora-smaller-rate",
  "tt-constant-q",
  "lora-constant-q",
  "first-order-lora",
  "mezo-prefix",
  "mezo",
];

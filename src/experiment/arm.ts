import type { AdapterSpec } from "../adapter/adapter";
import { adazeta, mezo, randomMask } from "../optimizer/recipes";
import type { Method } from "../optimizer/method";
import type { Schedule } from "../schedule/schedule";
import type { Budget } from "../train/settings";

/** One curve of a comparison: what is trained, how, and for how long. Plain data. */
export interface Arm {
  /** Its name in every figure and record; it fixes the colour. */
  readonly name: string;
  readonly adapter: AdapterSpec;
  readonly method: Method;
  readonly budget: Budget;
  readonly batchSize: number;
}

/** What the arms of the divergence study share. */
export interface StudySettings {
  readonly learningRate: number;
  readonly steps: number;
  readonly batchSize: number;
  /** AdaZeta's schedule (alpha, beta, cap). */
  readonly schedule: Schedule & { readonly kind: "power-law"; readonly form: "current" };
  /** Forward passes that AdaZeta spends in `steps` steps: the budget of the arm that is compared at equal forward passes. */
  readonly scheduledPasses: number;
  readonly perturbationScale: number;
  /** Queries in one call of the engine: does not change which queries are made. */
  readonly chunk: number;
  readonly tensorTrain: AdapterSpec;
  readonly lora: AdapterSpec;
  /** wd of every arm that is trained by zeroth-order steps; default 0. */
  readonly weightDecay?: number;
}

export const armNames = [
  "AdaZeta",
  "MeZO-LoRA",
  "LoRA + schedule",
  "TT, one query",
  "MeZO-LoRA, batch x4",
  "random mask",
  "MeZO-LoRA, smaller rate",
] as const;
export type ArmName = (typeof armNames)[number];

/**
 * Gives the arms of the paper's Figure 1 and of the questions it leaves open.
 * - AdaZeta / TT, one query / LoRA + schedule / MeZO-LoRA: {tensor train, LoRA} x {schedule, one query}
 * - MeZO-LoRA, batch x4: the figure's own rival, four times the texts in each forward pass
 * - random mask: one query on a random quarter of LoRA's parameters, new at each step (the reference code's "Sparse-MeZO",
 *   which masks all parameters of the model; Sparse-MeZO itself keeps small weights)
 * - MeZO-LoRA, smaller rate: one query at a third of the learning rate, with AdaZeta's forward passes
 * @example arm("MeZO-LoRA", settings).method.queries // { kind: "constant", value: 1 }
 * Source: AdaZeta, arXiv 2406.18060, Figure 1 (exp.png of yifanycc/AdaZeta at 3659ba3); the last arm is ours.
 */
export function arm(name: ArmName, settings: StudySettings): Arm {
  const { learningRate, steps, batchSize, schedule, perturbationScale, chunk, tensorTrain, lora } = settings;
  const { weightDecay = 0 } = settings;
  const common = { learningRate, perturbationScale, chunk, weightDecay };
  const one = mezo(common);
  const scheduled = adazeta({
    ...common,
    multiplier: schedule.multiplier,
    exponent: schedule.exponent,
    cap: schedule.cap,
  });
  const bySteps: Budget = { kind: "steps", steps };
  const basic = { name, batchSize, budget: bySteps };
  switch (name) {
    case "AdaZeta":
      return { ...basic, adapter: tensorTrain, method: scheduled };
    case "TT, one query":
      return { ...basic, adapter: tensorTrain, method: one };
    case "LoRA + schedule":
      return { ...basic, adapter: lora, method: scheduled };
    case "MeZO-LoRA":
      return { ...basic, adapter: lora, method: one };
    case "MeZO-LoRA, batch x4":
      return { ...basic, adapter: lora, method: one, batchSize: 4 * batchSize };
    case "random mask":
      return { ...basic, adapter: lora, method: randomMask(common) };
    case "MeZO-LoRA, smaller rate":
      return {
        ...basic,
        adapter: lora,
        method: mezo({ ...common, learningRate: learningRate / 3 }),
        budget: { kind: "forward-passes", forwardPasses: settings.scheduledPasses },
      };
  }
}

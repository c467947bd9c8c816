import { firstOrder, mezo, mezoFull } from "../../optimizer/recipes";
import { arm } from "../arm";
import type { StudySettings } from "../arm";
import { PROBE_STRENGTHS } from "../linear-probe";
import type { StudyArm } from "../plan";

export const paperArmNames = [
  "zero-shot",
  "linear probe",
  "AdaZeta",
  "MeZO-LoRA",
  "LoRA + schedule",
  "MeZO-LoRA, smaller rate",
  "TT, constant Q",
  "LoRA, constant Q",
  "first-order LoRA",
  "MeZO-prefix",
  "MeZO",
] as const;
export type PaperArmName = (typeof paperArmNames)[number];

/** What a table's arms share at one learning rate. */
export interface PaperSettings extends StudySettings {
  /** Tokens of the prefix. */
  readonly prefixTokens: number;
  /** Steps of the first-order arm, which needs far fewer. */
  readonly firstOrderSteps: number;
}

/** Gives the short name of an arm, for `--only` and records. @example shortName("TT, constant Q") // "tt-constant-q" */
export function shortName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9.]+/g, "-");
}

/**
 * Gives the arms of the paper's tables.
 * - zero-shot, linear probe: without steps
 * - MeZO: all of the model's own weights, one query, directions from a table of normals
 * - MeZO-LoRA, MeZO-prefix: one query on a small part
 * - TT / LoRA, constant Q: AdaZeta's and LoRA's part with a constant number of queries, at AdaZeta's forward passes
 * - AdaZeta, LoRA + schedule, MeZO-LoRA, smaller rate: as in Figure 1 (`arm`)
 * - first-order LoRA: backpropagation and AdamW, the ceiling
 * All zeroth-order arms have the same weight decay, so that neighbours differ in one part; the first-order arm has none.
 * @example paperArm("first-order LoRA", settings).method.probe // { kind: "backpropagation" }
 * Source: the arms of MeZO's tables (arXiv 2305.17333, tables 1 and 18), which AdaZeta's code repeats; constant Q is its `--use_num`;
 *   one weight decay for all: yifanycc/AdaZeta@3659ba3, large_models/mezo.sh (finetune.sh, the first-order script, names none).
 */
export function paperArm(name: PaperArmName, settings: PaperSettings): StudyArm {
  const { learningRate, steps, batchSize, perturbationScale, chunk, lora, tensorTrain, scheduledPasses } = settings;
  const { weightDecay = 0 } = settings;
  const common = { learningRate, perturbationScale, chunk, weightDecay };
  const bySteps = { kind: "steps", steps } as const;
  const byPasses = { kind: "forward-passes", forwardPasses: scheduledPasses } as const;
  const basic = { name, batchSize, budget: bySteps };
  const queries = constantQueries(settings);
  switch (name) {
    case "zero-shot":
      return { name, kind: "zero-shot" };
    case "linear probe":
      return { name, kind: "linear-probe", strengths: PROBE_STRENGTHS };
    case "MeZO":
      return { ...basic, adapter: { kind: "full", layers: "all" }, method: mezoFull({ ...common, chunk: 1 }) };
    case "MeZO-prefix":
      return { ...basic, adapter: { kind: "prefix", tokens: settings.prefixTokens }, method: mezo(common) };
    case "TT, constant Q":
      return { ...basic, budget: byPasses, adapter: tensorTrain, method: mezo({ ...common, queries }) };
    case "LoRA, constant Q":
      return { ...basic, budget: byPasses, adapter: lora, method: mezo({ ...common, queries }) };
    case "first-order LoRA":
      return {
        ...basic,
        budget: { kind: "steps", steps: settings.firstOrderSteps },
        adapter: lora,
        method: firstOrder({ learningRate }),
      };
    case "AdaZeta":
    case "MeZO-LoRA":
    case "LoRA + schedule":
    case "MeZO-LoRA, smaller rate":
      return arm(name, settings);
  }
}

/** The schedule's mean number of queries, rounded. */
function constantQueries({ scheduledPasses, steps }: StudySettings): number {
  return Math.max(1, Math.round(scheduledPasses / (2 * Math.max(steps, 1))));
}

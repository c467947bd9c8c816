import type { AdapterSpec } from "../adapter/adapter";
import { firstOrder, sam } from "../optimizer/recipes";
import { forwardGradient } from "../optimizer/recipes/forward-gradient";
import { quzo } from "../optimizer/recipes/quzo";
import type { Method } from "../optimizer/method";
import type { MixtureSettings } from "../task/token-mixtures";
import type { ArmRow, Look, StillRow } from "./arm-row";
import type { QuantizedSettings } from "./quantized-settings";

/** The linear layers' weights, the biases and the norms: what is rounded, and what goes with it. The embedding tables stay. */
const WHOLE: AdapterSpec = { kind: "full", layers: "all", parts: ["matrices", "biases", "norms"] };
const LORA: AdapterSpec = { kind: "lora", rank: 8, alpha: 16, targets: ["query", "value"] };

/** Texts that nobody wrote are as long as the task's short questions, from 1024 tokens of the vocabulary. */
export const MIXTURES: MixtureSettings = {
  tokens: 1024,
  latent: 16,
  sharpness: 4,
  texts: 16,
  shortest: 4,
  longest: 10,
};

/** Steps of a student. */
const STEPS = 80;
/** Of AdamW; at 1e-4 the first steps led away from the teacher, on a draw of the data of their own (seed 9). */
const RATE = 2e-5;
/** Of one by losses, or by one derivative a step, on LoRA. */
const LOSS_STEPS = 240;

/** What all arms share: the teacher, and the student of 4-bit weights and 8-bit activations, of which a grid makes others. */
const SHARED = {
  weights: 4,
  activations: 8,
  adapter: WHOLE,
  method: firstOrder({ learningRate: RATE }),
  steps: STEPS,
  mixtures: MIXTURES,
  ascent: firstOrder({ learningRate: 0.1, name: "ascent" }),
  teacher: { adapter: WHOLE, method: firstOrder({ rule: "sgd", learningRate: 1e-2 }), steps: 64, batchSize: 8 },
} as const satisfies Omit<QuantizedSettings, "texts">;

/**
 * A tuned encoder brought to few bits: rounded as it is, taught by the tuned one on random tokens, on texts of an adversarial generator, on these with
 * sharpness-aware steps (ZSAQ), and on the task's own texts; and by zeroth-order steps on those, on a LoRA beside the rounded weights.
 * Source: the roles, the minimax and the sharpness-aware steps of arXiv 2310.13315; quantiser, distance, generator and all constants are ours.
 */
export const quantizedRows = [
  row("quantized-rounded", "rounded, nothing else", "grey", { texts: "none" }),
  row("quantized-random", "random tokens", "orange", { texts: "random" }),
  row("quantized-generated", "adversarial texts", "sky", { texts: "generated" }),
  row("quantized-zsaq", "adversarial texts, sharpness-aware", "blue", {
    texts: "generated",
    method: sam({ learningRate: RATE }),
  }),
  row("quantized-real", "the task's own texts", "black", { texts: "real" }),
  row("quantized-quzo", "QuZO on LoRA, own texts", "vermillion", byLosses(quzo({ learningRate: 1e-3, weightBits: null }))), // prettier-ignore
  row("quantized-directional", "directional on LoRA, own texts", "green", byLosses(forwardGradient({ learningRate: 3e-3 }))), // prettier-ignore
] as const satisfies readonly ArmRow[];

function byLosses(method: Method) {
  return { texts: "real", adapter: LORA, method, steps: LOSS_STEPS } as const;
}

function row<Id extends string>(
  id: Id,
  title: string,
  color: Look["color"],
  changes: Partial<QuantizedSettings> & Pick<QuantizedSettings, "texts">,
): StillRow & { readonly id: Id } {
  return { id, title, look: { color, dash: "longdashdot" }, still: { kind: "quantized", ...SHARED, ...changes } };
}

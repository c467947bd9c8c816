import { openModel } from "../../src/notebook/open";
import type { Model } from "../../src/model/model";
import type { AdapterSpec } from "../../src/adapter/adapter";
import type { CostMethod } from "../../src/table/costs";
import { generatedLlama, generatedRoberta, llama2Shape, robertaLarge } from "./generated";
import { bertTrain, llamaTrain, lora } from "./subject";

/** One line of data/results/memory-and-speed.jsonl to be measured: a model, a precision, a method. */
export interface CostCase {
  readonly model: keyof typeof costModels;
  /** As `parsePrecision` reads it. */
  readonly precision: string;
  readonly method: CostMethod;
}

/** What is sent to the process that measures one case. */
export interface CostRequest extends CostCase {
  /** "prepare" opens the model once, so that what is made once for a model is not in the figures. */
  readonly phase: "prepare" | "measure";
  readonly texts: number;
  readonly tokens: number;
  readonly steps: number;
  readonly directory: string;
}

/** Two real models, and the shapes of the paper's two with generated weights. */
export const costModels = {
  "MiniLM-L6": { weights: "real", placement: "roberta", open: async () => (await openModel("minilm")).model },
  "SmolLM2-135M": { weights: "real", placement: "llama", open: async () => (await openModel("smollm2")).model },
  "RoBERTa-large": { weights: "generated", placement: "roberta", open: async () => generatedRoberta(robertaLarge) },
  "Llama-2-7B": { weights: "generated", placement: "llama", open: async () => generatedLlama(llama2Shape) },
} as const satisfies Readonly<
  Record<string, { weights: "real" | "generated"; placement: "llama" | "roberta"; open: () => Promise<Model> }>
>;

export function adapterOf({ model, method }: CostCase): AdapterSpec {
  switch (method) {
    case "inference":
      return { kind: "none" };
    case "zeroth-order, adapters":
    case "directional, adapters":
      return costModels[model].placement === "llama" ? llamaTrain : bertTrain;
    case "zeroth-order, all weights":
    case "first-order, all weights":
    case "first-order, all weights, TensorFlow.js":
      return { kind: "full", layers: "all" };
    case "first-order, LoRA":
    case "first-order, LoRA, TensorFlow.js":
      return lora;
  }
}

/** What is measured: everything that could fit; what does not is recorded as that, with its reason. */
export const costCases: readonly CostCase[] = [
  ...(["MiniLM-L6", "SmolLM2-135M"] as const).flatMap((model): readonly CostCase[] => [
    { model, precision: "fp32", method: "inference" },
    { model, precision: "fp32", method: "zeroth-order, adapters" },
    { model, precision: "fp32", method: "directional, adapters" },
    { model, precision: "int8", method: "zeroth-order, adapters" },
    { model, precision: "int4:32", method: "zeroth-order, adapters" },
    { model, precision: "fp32", method: "zeroth-order, all weights" },
    { model, precision: "fp32", method: "first-order, LoRA" },
    { model, precision: "fp32", method: "first-order, all weights" },
    { model, precision: "fp32", method: "first-order, LoRA, TensorFlow.js" },
  ]),
  // SmolLM2's did not end within the benchmark's time.
  { model: "MiniLM-L6", precision: "fp32", method: "first-order, all weights, TensorFlow.js" },
  { model: "RoBERTa-large", precision: "fp32", method: "inference" },
  { model: "RoBERTa-large", precision: "fp32", method: "zeroth-order, adapters" },
  { model: "RoBERTa-large", precision: "int8", method: "inference" },
  { model: "RoBERTa-large", precision: "int8", method: "zeroth-order, adapters" },
  { model: "RoBERTa-large", precision: "int4:128", method: "zeroth-order, adapters" },
  { model: "RoBERTa-large", precision: "fp32", method: "zeroth-order, all weights" },
  { model: "RoBERTa-large", precision: "fp32", method: "first-order, LoRA" },
  { model: "Llama-2-7B", precision: "int4:128", method: "inference" },
  { model: "Llama-2-7B", precision: "int4:128", method: "zeroth-order, adapters" },
];

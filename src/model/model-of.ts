import { unreachable } from "../check/check";
import { bert, bertConfig } from "./bert";
import { configReader } from "./config";
import { llama, llamaConfig } from "./llama";
import type { Model, Weights } from "./model";
import { opt, optConfig } from "./opt";

/** The architectures by the name that Hugging Face's `config.json` has for them. */
export const MODEL_TYPES = ["bert", "roberta", "llama", "mistral", "qwen2", "opt"] as const;

/**
 * Makes the model that a configuration (Hugging Face's `config.json`) describes, over its weights.
 * For example `modelOf(JSON.parse(readFileSync("config.json", "utf8")), openSafetensors("model.safetensors")).family`: "roberta".
 * @throws when `model_type` is none of `MODEL_TYPES`, the configuration has what the definition does not compute, or a weight is missing
 */
export function modelOf(config: unknown, weights: Weights): Model {
  const type = configReader(config).oneOf("model_type", MODEL_TYPES);
  switch (type) {
    case "bert":
    case "roberta":
      return bert(bertConfig(config), weights);
    case "llama":
    case "mistral":
    case "qwen2":
      return llama(llamaConfig(config), weights, type);
    case "opt":
      return opt(optConfig(config), weights);
    default:
      return unreachable(type);
  }
}

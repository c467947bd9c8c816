import { bert, bertConfig } from "../../src/model/bert";
import { llama } from "../../src/model/llama";
import type { LlamaConfig } from "../../src/model/llama";
import type { Model, Weights } from "../../src/model/model";
import { sequence } from "./sequence";

/** SmolLM2-135M's shape. */
export const smollm2Shape: LlamaConfig = {
  hidden: 576,
  layers: 30,
  heads: 9,
  kvHeads: 3,
  headSize: 64,
  intermediate: 1536,
  vocabulary: 49152,
  context: 8192,
  epsilon: 1e-5,
  rotaryBase: 1e5,
  tied: true,
};

/** Llama-2-7B's shape. */
export const llama2Shape: LlamaConfig = {
  hidden: 4096,
  layers: 32,
  heads: 32,
  kvHeads: 32,
  headSize: 128,
  intermediate: 11008,
  vocabulary: 32000,
  context: 4096,
  epsilon: 1e-5,
  rotaryBase: 1e4,
  tied: false,
};

/** A Llama of this shape with generated weights: for what depends on the shape alone. */
export function generatedLlama(config: LlamaConfig): Model {
  return llama(config, generatedWeights("generated", false));
}

/** RoBERTa-large's shape, with fewer layers where asked for. */
export const robertaLarge = {
  model_type: "roberta",
  hidden_size: 1024,
  num_hidden_layers: 24,
  num_attention_heads: 16,
  intermediate_size: 4096,
  vocab_size: 50265,
  max_position_embeddings: 514,
  type_vocab_size: 1,
  layer_norm_eps: 1e-5,
  pad_token_id: 1,
};

/** A RoBERTa masked language model of this shape with generated weights. */
export function generatedRoberta(config: typeof robertaLarge): Model {
  return bert(bertConfig(config), generatedWeights("generated", true));
}

/**
 * Weights of any name and shape: distinct small numbers (ONNX Runtime shares equal ones); vectors are all 1.
 * @param hasHead whether optional tensors, those of a masked-LM head, are there
 */
export function generatedWeights(id: string, hasHead: boolean): Weights {
  const seeds = new Map<string, number>();
  const seedOf = (name: string): number => {
    if (!seeds.has(name)) seeds.set(name, seeds.size + 1);
    return seeds.get(name)!;
  };
  return {
    id,
    names: () => [],
    has: () => hasHead,
    matrix: (name, shape) => {
      const seed = seedOf(name);
      return {
        name,
        shape,
        read: () => sequence(shape[0] * shape[1], seed),
        rows: (indices) => sequence(indices.length * shape[1], seed),
      };
    },
    vector: (name, size) => ({ name, shape: [size], read: () => new Float32Array(size).fill(1) }),
  };
}

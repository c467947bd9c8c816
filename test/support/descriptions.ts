import { bertSites } from "../../src/model/bert";
import { llamaSites } from "../../src/model/llama";
import { modelOf } from "../../src/model/model-of";
import type { Model, Weights } from "../../src/model/model";

/** Sites of well-known models from their dimensions alone: adapters are laid out and counted without weights. */
export const descriptions = {
  "llama-2-7b": llamaSites({ layers: 32, hidden: 4096, intermediate: 11008, heads: 32, kvHeads: 32, headSize: 128 }),
  smollm2: llamaSites({ layers: 30, hidden: 576, intermediate: 1536, heads: 9, kvHeads: 3, headSize: 64 }),
  // RoBERTa has BERT's layers.
  "roberta-large": bertSites({ layers: 24, hidden: 1024, intermediate: 4096 }),
  minilm: bertSites({ layers: 6, hidden: 384, intermediate: 1536 }),
} as const;

/** Models of these sizes without any weights: definitions, names and shapes, from which parameters are counted. */
export function describedModel(name: "llama-2-7b" | "smollm2" | "roberta-large" | "opt-125m"): Model {
  return modelOf(configs[name], shapesOnly(name));
}

const configs = {
  "llama-2-7b": {
    model_type: "llama",
    hidden_size: 4096,
    intermediate_size: 11008,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    vocab_size: 32000,
    max_position_embeddings: 4096,
    rms_norm_eps: 1e-5,
  },
  smollm2: {
    model_type: "llama",
    hidden_size: 576,
    intermediate_size: 1536,
    num_hidden_layers: 30,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    vocab_size: 49152,
    max_position_embeddings: 8192,
    tie_word_embeddings: true,
  },
  "roberta-large": {
    model_type: "roberta",
    hidden_size: 1024,
    intermediate_size: 4096,
    num_hidden_layers: 24,
    num_attention_heads: 16,
    vocab_size: 50265,
    max_position_embeddings: 514,
    type_vocab_size: 1,
    pad_token_id: 1,
    layer_norm_eps: 1e-5,
  },
  "opt-125m": {
    model_type: "opt",
    hidden_size: 768,
    ffn_dim: 3072,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    vocab_size: 50272,
    max_position_embeddings: 2048,
    word_embed_proj_dim: 768,
    do_layer_norm_before: true,
  },
} as const;

/** Weights that have every tensor asked for, and cannot be read. */
function shapesOnly(id: string): Weights {
  const unread = (): never => {
    throw new Error(`${id} is a description without weights`);
  };
  return {
    id,
    names: () => [],
    has: (name) => !/gamma|^bert\./.test(name),
    matrix: (name, shape) => ({ name, shape, read: unread, rows: unread }),
    vector: (name, size) => ({ name, shape: [size], read: unread }),
  };
}

import { fail, positiveInteger, positiveNumber } from "../check/check";
import type { GgufMetadata } from "./gguf-header";

/** What Hugging Face's config.json says of a Llama, as far as the forward pass needs it. */
export interface LlamaConfig {
  readonly model_type: "llama";
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly head_dim: number;
  readonly rms_norm_eps: number;
  readonly rope_theta: number;
  readonly max_position_embeddings: number;
  readonly vocab_size: number;
  /** The head is the embedding table: the file has no `output.weight`. */
  readonly tie_word_embeddings: boolean;
  readonly hidden_act: "silu";
}

/**
 * The configuration of a Llama from GGUF metadata.
 * @throws when the architecture is another, a number is missing, or the rotary embedding is scaled or partial
 * @example ggufLlamaConfig(openGguf("SmolLM2.gguf").metadata, true).hidden_size // 576
 */
export function ggufLlamaConfig(metadata: GgufMetadata, tied: boolean): LlamaConfig {
  const architecture = metadata.get("general.architecture");
  if (architecture !== "llama") fail("general.architecture", `"llama"`, architecture);
  const whole = (key: string, otherwise?: number): number => positiveInteger(key, metadata.get(key) ?? otherwise);
  const real = (key: string, otherwise?: number): number =>
    shortestFloat32(positiveNumber(key, metadata.get(key) ?? otherwise));

  const hidden = whole("llama.embedding_length");
  const heads = whole("llama.attention.head_count");
  const kvHeads = whole("llama.attention.head_count_kv", heads);
  const headSize = whole("llama.attention.key_length", hidden / heads);
  if (heads % kvHeads !== 0) fail("llama.attention.head_count_kv", `a divisor of ${heads} heads`, kvHeads);
  if (headSize % 2 !== 0) fail("head size", "an even number", headSize);
  if (whole("llama.attention.value_length", headSize) !== headSize) {
    fail("llama.attention.value_length", `the key length ${headSize}`, metadata.get("llama.attention.value_length"));
  }
  if (whole("llama.rope.dimension_count", headSize) !== headSize) {
    fail("llama.rope.dimension_count", `the head size ${headSize}`, metadata.get("llama.rope.dimension_count"));
  }
  const scaling = metadata.get("llama.rope.scaling.type") ?? "none";
  if (scaling !== "none") fail("llama.rope.scaling.type", `"none" (scaled rotary embeddings are not read)`, scaling);
  return {
    model_type: "llama",
    hidden_size: hidden,
    intermediate_size: whole("llama.feed_forward_length"),
    num_hidden_layers: whole("llama.block_count"),
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    head_dim: headSize,
    rms_norm_eps: real("llama.attention.layer_norm_rms_epsilon"),
    rope_theta: real("llama.rope.freq_base", 10000),
    max_position_embeddings: whole("llama.context_length"),
    vocab_size: whole("llama.vocab_size", listLength(metadata, "tokenizer.ggml.tokens")),
    tie_word_embeddings: tied,
    hidden_act: "silu",
  };
}

/** The shortest decimal number that the file's fp32 value came from: 9.999999747378752e-6 is 1e-5. */
function shortestFloat32(value: number): number {
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return value;
}

function listLength(metadata: GgufMetadata, key: string): number | undefined {
  const list = metadata.get(key);
  return Array.isArray(list) ? list.length : undefined;
}

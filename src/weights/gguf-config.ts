import { fail, positiveInteger, positiveNumber } from "../check/check";
import { knownWord } from "../check/known-options";
import type { GgufMetadata } from "./gguf-header";

/** Architectures of GGUF files that are read. llama.cpp writes Mistral as "llama". */
const ARCHITECTURES = ["llama", "qwen2"] as const;

/** What Hugging Face's config.json says of a Llama or Qwen2, as far as the forward pass needs it. */
export interface GgufConfig {
  readonly model_type: (typeof ARCHITECTURES)[number];
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly head_dim: number;
  readonly rms_norm_eps: number;
  readonly rope_theta: number;
  readonly rope_scaling?: RopeScaling;
  readonly max_position_embeddings: number;
  readonly vocab_size: number;
  /** The head is the embedding table: the file has no `output.weight`. */
  readonly tie_word_embeddings: boolean;
  readonly attention_bias?: true;
  readonly mlp_bias?: true;
  readonly sliding_window?: number;
  readonly layer_types?: readonly "sliding_attention"[];
  readonly hidden_act: "silu";
}

type RopeScaling =
  | { readonly rope_type: "linear"; readonly factor: number }
  | { readonly rope_type: "yarn"; readonly factor: number; readonly original_max_position_embeddings: number }
  | {
      readonly rope_type: "longrope";
      /** What each frequency is divided by, at every length. */
      readonly short_factor: readonly number[];
      readonly long_factor: readonly number[];
      readonly attention_factor: 1;
    };

/** What the tensors of a file say of its model. */
export interface GgufTensors {
  readonly names: ReadonlySet<string>;
  /** The values of `rope_freqs.weight`, which scaled Llama 3 models have; null without. */
  readonly ropeFactors: readonly number[] | null;
}

/**
 * Gives the configuration of a Llama, Mistral or Qwen2 from GGUF metadata.
 * For example `ggufConfig(openGguf("SmolLM2.gguf").metadata, { names: new Set(), ropeFactors: null }).hidden_size`: 576.
 * @throws when the architecture is another, a number is missing, or the metadata has what the forward pass does not compute
 */
export function ggufConfig(metadata: GgufMetadata, { names, ropeFactors }: GgufTensors): GgufConfig {
  const architecture = knownWord("general.architecture", metadata.get("general.architecture"), ARCHITECTURES);
  const at = (key: string): string => `${architecture}.${key}`;
  const whole = (key: string, otherwise?: number): number =>
    positiveInteger(at(key), metadata.get(at(key)) ?? otherwise);
  const real = (key: string, otherwise?: number): number =>
    shortestFloat32(positiveNumber(at(key), metadata.get(at(key)) ?? otherwise));
  const only = (key: string, allowed: unknown, expected: string): void => {
    const value = metadata.get(at(key)) ?? allowed;
    if (value !== allowed) fail(at(key), expected, value);
  };

  const hidden = whole("embedding_length");
  const heads = whole("attention.head_count");
  const kvHeads = whole("attention.head_count_kv", heads);
  const headSize = whole("attention.key_length", hidden / heads);
  const context = whole("context_length");
  if (heads % kvHeads !== 0) fail(at("attention.head_count_kv"), `a divisor of ${heads} heads`, kvHeads);
  if (headSize % 2 !== 0) fail("head size", "an even number", headSize);
  only("attention.value_length", headSize, `the key length ${headSize}`);
  only("rope.dimension_count", headSize, `the head size ${headSize}`);
  only("attention.sliding_window_pattern", undefined, "the same attention in every layer");
  const layers = whole("block_count");
  // Each layer has tensors of its own.
  if (layers > Math.max(names.size, 1000))
    fail(at("block_count"), `at most ${names.size}, as the file has tensors`, layers);
  const window = whole("attention.sliding_window", context);
  const biased = (part: RegExp): boolean => [...names].some((name) => part.test(name));
  const inputsOnly = architecture === "qwen2";
  const further = inputsOnly
    ? [...names].find((name) => /(attn_output|ffn_(gate|up|down))\.bias$/.test(name))
    : undefined;
  if (further !== undefined) fail("tensor", "biases on query, key and value only", further);
  const scaling = ropeScaling();
  return {
    model_type: architecture,
    hidden_size: hidden,
    intermediate_size: whole("feed_forward_length"),
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    head_dim: headSize,
    rms_norm_eps: real("attention.layer_norm_rms_epsilon"),
    rope_theta: real("rope.freq_base", 10000),
    ...(scaling ? { rope_scaling: scaling } : {}),
    max_position_embeddings: context,
    vocab_size: whole("vocab_size", listLength(metadata, "tokenizer.ggml.tokens")),
    tie_word_embeddings: !names.has("output.weight"),
    ...(!inputsOnly && biased(/attn_(q|k|v|output)\.bias$/) ? { attention_bias: true } : {}),
    ...(biased(/ffn_(gate|up|down)\.bias$/) ? { mlp_bias: true } : {}),
    ...(window < context
      ? { sliding_window: window, layer_types: Array<"sliding_attention">(layers).fill("sliding_attention") }
      : {}),
    hidden_act: "silu",
  };

  function ropeScaling(): RopeScaling | null {
    only("rope.scale_linear", 1, "1 (newer files say rope.scaling.type)");
    only("rope.scaling.attn_factor", 1, "1 (yarn's own factor)");
    const further = [...metadata.keys()].find((key) => key.startsWith(at("rope.scaling.yarn_")));
    if (further !== undefined) fail(further, "no further setting of yarn", metadata.get(further));
    const kind = metadata.get(at("rope.scaling.type")) ?? "none";
    if (ropeFactors !== null) {
      if (kind !== "none") fail(at("rope.scaling.type"), `"none" beside the tensor rope_freqs.weight`, kind);
      if (ropeFactors.length !== headSize / 2 || !ropeFactors.every((factor) => factor > 0))
        fail("rope_freqs.weight", `${headSize / 2} positive numbers`, ropeFactors);
      return { rope_type: "longrope", short_factor: ropeFactors, long_factor: ropeFactors, attention_factor: 1 };
    }
    switch (kind) {
      case "none":
        return null;
      case "linear":
        return { rope_type: "linear", factor: real("rope.scaling.factor") };
      case "yarn":
        return {
          rope_type: "yarn",
          factor: real("rope.scaling.factor"),
          original_max_position_embeddings: whole("rope.scaling.original_context_length"),
        };
      default:
        return fail(at("rope.scaling.type"), `"none", "linear" or "yarn"`, kind);
    }
  }
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

import { fail } from "../check/check";
import type { Hooks, Ops } from "../ops/ops";
import { configReader, MOST_LAYERS } from "./config";
import type { ConfigReader } from "./config";
import type { Model, ModuleNames, Tap, Weights } from "./model";
import type { Site } from "../ops/site";
import { headOf, linearAt, prefixOf, scoredTokens } from "./parts";
import { rotary, rotaryConfig } from "./rotary";
import type { RotaryConfig } from "./rotary";
import { layerSites, siteAttention, siteHidden, siteLinear } from "./site";

const MODULE_NAMES: ModuleNames = {
  layers: "model.layers",
  inLayer: {
    "attention.query": "self_attn.q_proj",
    "attention.key": "self_attn.k_proj",
    "attention.value": "self_attn.v_proj",
    "attention.output": "self_attn.o_proj",
    "mlp.gate": "mlp.gate_proj",
    "mlp.up": "mlp.up_proj",
    "mlp.down": "mlp.down_proj",
  },
};

export interface LlamaConfig extends RotaryConfig {
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  /** Divides `heads`; smaller for grouped-query attention. */
  readonly kvHeads: number;
  readonly headSize: number;
  readonly intermediate: number;
  readonly vocabulary: number;
  readonly context: number;
  readonly epsilon: number;
  /** The head is the embedding table. */
  readonly tied: boolean;
  /** Which projections have a bias; absent: none. "inputs" are query, key and value. */
  readonly biases?: readonly ("inputs" | "output" | "mlp")[];
  /** How many tokens a token of each layer sees, itself included, null for all; absent: all in every layer. */
  readonly windows?: readonly (number | null)[];
}

/** Numbers of a head: wider ones than any model has. */
const WIDEST_HEAD = 65_536;

/**
 * Reads Hugging Face's `config.json` of a Llama, Mistral or Qwen2 model.
 * @throws when the architecture is another one, or has what `llama` does not compute
 */
export function llamaConfig(json: unknown): LlamaConfig {
  const read = configReader(json);
  const type = read.oneOf("model_type", ["llama", "mistral", "qwen2"]);
  read.only("hidden_act", ["silu"], "the gated unit uses SiLU");
  const hidden = read.integer("hidden_size");
  const heads = read.integer("num_attention_heads");
  const kvHeads = read.integer("num_key_value_heads", heads);
  if (heads % kvHeads !== 0) fail("config.num_key_value_heads", `a divisor of num_attention_heads ${heads}`, kvHeads);
  if (!read.has("head_dim") && hidden % heads !== 0)
    fail("config.num_attention_heads", `a divisor of hidden_size ${hidden}`, heads);
  const headSize = read.count("head_dim", WIDEST_HEAD, Math.floor(hidden / heads));
  if (headSize % 2 !== 0) fail("config.head_dim", "an even number (rotary positions turn pairs)", headSize);
  const layers = read.count("num_hidden_layers", MOST_LAYERS);
  const context = read.integer("max_position_embeddings");
  const biases = biasesOf(type, read);
  const windows = windowsOf(type, read, layers);
  return {
    hidden,
    heads,
    kvHeads,
    headSize,
    layers,
    intermediate: read.integer("intermediate_size"),
    vocabulary: read.integer("vocab_size"),
    context,
    epsilon: read.number("rms_norm_eps", 1e-6),
    ...rotaryConfig(read, context),
    tied: read.boolean("tie_word_embeddings", false),
    ...(biases.length > 0 ? { biases } : {}),
    ...(windows.some((window) => window !== null) ? { windows } : {}),
  };
}

type ModelType = "llama" | "mistral" | "qwen2";

/** Qwen2 has biases on query, key and value; a Llama has them where its configuration says so. */
function biasesOf(type: ModelType, read: ConfigReader): NonNullable<LlamaConfig["biases"]> {
  switch (type) {
    case "mistral":
      return [];
    case "qwen2":
      return ["inputs"];
    case "llama":
      return [
        ...(read.boolean("attention_bias", false) ? (["inputs", "output"] as const) : []),
        ...(read.boolean("mlp_bias", false) ? (["mlp"] as const) : []),
      ];
  }
}

/**
 * The layers that slide are those that `layer_types` names; without it all of a Mistral, and Qwen2's from `max_window_layers` on
 * if it uses its window.
 */
function windowsOf(type: ModelType, read: ConfigReader, layers: number): readonly (number | null)[] {
  const types = read.texts("layer_types");
  if (types !== null && types.length !== layers) fail("config.layer_types", `one for each of ${layers} layers`, types);
  const unknown = types?.find((kind) => kind !== "full_attention" && kind !== "sliding_attention");
  if (unknown !== undefined) fail("config.layer_types", `"full_attention" or "sliding_attention"`, unknown);
  const used = type === "mistral" || (type === "qwen2" && read.boolean("use_sliding_window", false));
  const first = type === "mistral" ? 0 : read.number("max_window_layers", layers);
  const slides = (layer: number): boolean =>
    types === null ? used && layer >= first : types[layer] === "sliding_attention";
  return Array.from({ length: layers }, (_, i) =>
    slides(i) && read.has("sliding_window") ? read.integer("sliding_window") : null,
  );
}

/** Gives the sites of a Llama model: `layers.{i}.attention.query|key|value|output` and `layers.{i}.mlp.gate|up|down`. */
export function llamaSites(
  config: Pick<LlamaConfig, "layers" | "hidden" | "intermediate" | "heads" | "kvHeads" | "headSize">,
): readonly Site[] {
  const { hidden, intermediate } = config;
  const queries = config.heads * config.headSize;
  const keys = config.kvHeads * config.headSize;
  return layerSites(config.layers, {
    "attention.query": [hidden, queries],
    "attention.key": [hidden, keys],
    "attention.value": [hidden, keys],
    "attention.output": [queries, hidden],
    "mlp.gate": [hidden, intermediate],
    "mlp.up": [hidden, intermediate],
    "mlp.down": [intermediate, hidden],
  });
}

/**
 * Makes a Llama language model, with the biases of Qwen2 or the sliding window of Mistral where its configuration has them: RMSNorm
 * before each sub-layer, rotary positions (pairs i, i + headSize/2), grouped-query attention, SwiGLU.
 *     h <- h + Attention(RMSNorm(h)),  h <- h + W_down (silu(W_gate n) * W_up n) with n = RMSNorm(h)
 * The features are the final RMSNorm's output at each text's scored position; after the last attention only that token is computed.
 * For example `llama(llamaConfig(json), weights).forward(ops, hooks)`: [R, B, hidden].
 * @param type whose GGUF files its adapters are written for: the configuration alone does not say it
 * @throws when a weight is missing or has another shape
 * Source: Touvron et al., arXiv 2307.09288, and its references for each part; Jiang et al., arXiv 2310.06825; Yang et al., arXiv 2407.10671.
 */
export function llama(config: LlamaConfig, weights: Weights, type: ModelType = "llama"): Model {
  const { hidden, heads, kvHeads, headSize, intermediate, epsilon, biases = [], windows } = config;
  const queries = heads * headSize;
  const keys = kvHeads * headSize;
  const root = prefixOf(weights, "embed_tokens.weight", ["", "model."]);
  const matrix = (name: string) => weights.matrix(`${name}.weight`, [config.vocabulary, hidden]);
  const scale = (name: string) => weights.vector(`${root}${name}.weight`, hidden);
  const embedding = matrix(`${root}embed_tokens`);
  const finalScale = scale("norm");
  const turn = rotary(config, headSize);
  const layers = Array.from({ length: config.layers }, (_, i) => {
    const linear = (name: string, outputs: number, inputs: number, kind: (typeof biases)[number]) =>
      linearAt(weights, `${root}layers.${i}.${name}`, outputs, inputs, biases.includes(kind));
    return {
      site: `layers.${i}`,
      inputScale: scale(`layers.${i}.input_layernorm`),
      query: linear("self_attn.q_proj", queries, hidden, "inputs"),
      key: linear("self_attn.k_proj", keys, hidden, "inputs"),
      value: linear("self_attn.v_proj", keys, hidden, "inputs"),
      output: linear("self_attn.o_proj", hidden, queries, "output"),
      innerScale: scale(`layers.${i}.post_attention_layernorm`),
      gate: linear("mlp.gate_proj", intermediate, hidden, "mlp"),
      up: linear("mlp.up_proj", intermediate, hidden, "mlp"),
      down: linear("mlp.down_proj", hidden, intermediate, "mlp"),
      attention: { heads, kvHeads, headSize, causal: true, window: windows?.[i] ?? null, rotary: turn },
    };
  });

  return {
    family: "llama",
    reading: "causal",
    placement: "llama",
    moduleNames: MODULE_NAMES,
    gguf:
      type === "qwen2" ? { architecture: type, interleaved: null } : { architecture: "llama", interleaved: headSize },
    width: hidden,
    embeddingWidth: hidden,
    layers: config.layers,
    context: config.context,
    vocabulary: config.vocabulary,
    sites: llamaSites(config),
    id: `llama ${JSON.stringify(config)} ${weights.id}`,
    head: headOf(config.tied ? embedding : matrix("lm_head"), null),
    forward<T>(ops: Ops<T>, hooks: Hooks<T>, tap?: Tap<T>): T {
      const at = siteLinear(ops, hooks);
      const attend = siteAttention(ops, hooks);
      const taken = siteHidden(hooks, tap);
      const scored = scoredTokens(ops, layers.length, tap);
      let x = ops.embed(embedding, "token");
      layers.forEach((layer, i) => {
        x = taken(i, x);
        const n = ops.rmsNorm(x, layer.inputScale, epsilon);
        const attended = attend(
          `${layer.site}.attention`,
          at(`${layer.site}.attention.query`, n, layer.query),
          at(`${layer.site}.attention.key`, n, layer.key),
          at(`${layer.site}.attention.value`, n, layer.value),
          layer.attention,
        );
        const mixed = at(`${layer.site}.attention.output`, scored.after(i, attended), layer.output);
        x = ops.add(scored.after(i, x), mixed);
        const inner = ops.rmsNorm(x, layer.innerScale, epsilon);
        const gate = ops.silu(at(`${layer.site}.mlp.gate`, inner, layer.gate));
        const up = at(`${layer.site}.mlp.up`, inner, layer.up);
        x = ops.add(x, at(`${layer.site}.mlp.down`, ops.multiply(gate, up), layer.down));
      });
      const normed = ops.rmsNorm(x, finalScale, epsilon);
      tap?.(layers.length, normed);
      return scored.end(normed);
    },
  };
}

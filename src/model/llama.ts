import { fail } from "../check/check";
import type { Hooks, Ops } from "../ops/ops";
import { configReader } from "./config";
import type { Model, Site, Weights } from "./model";
import { siteLinear } from "./site";

export interface LlamaConfig {
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
  readonly rotaryBase: number;
  /** The head is the embedding table. */
  readonly tied: boolean;
}

/**
 * Reads Hugging Face's `config.json` of a Llama model.
 * @throws when the architecture is another one, or has what `llama` does not compute (scaled rotary positions, biases)
 */
export function llamaConfig(json: unknown): LlamaConfig {
  const read = configReader(json, "llama");
  read.only("hidden_act", ["silu"], "the gated unit uses SiLU");
  read.only("attention_bias", [false], "projections have no bias");
  read.only("mlp_bias", [false], "projections have no bias");
  const hidden = read.integer("hidden_size");
  const heads = read.integer("num_attention_heads");
  const kvHeads = read.integer("num_key_value_heads", heads);
  if (heads % kvHeads !== 0) fail("config.num_key_value_heads", `a divisor of num_attention_heads ${heads}`, kvHeads);
  if (!read.has("head_dim") && hidden % heads !== 0)
    fail("config.num_attention_heads", `a divisor of hidden_size ${hidden}`, heads);
  const headSize = read.integer("head_dim", Math.floor(hidden / heads));
  if (headSize % 2 !== 0) fail("config.head_dim", "an even number (rotary positions turn pairs)", headSize);
  return {
    hidden,
    heads,
    kvHeads,
    headSize,
    layers: read.integer("num_hidden_layers"),
    intermediate: read.integer("intermediate_size"),
    vocabulary: read.integer("vocab_size"),
    context: read.integer("max_position_embeddings"),
    epsilon: read.number("rms_norm_eps", 1e-6),
    rotaryBase: rotaryBase(json),
    tied: read.boolean("tie_word_embeddings", false),
  };
}

/** `rope_theta`, which newer configurations keep under `rope_parameters`; scaled positions are refused. */
function rotaryBase(json: unknown): number {
  const { rope_theta, rope_parameters, rope_scaling } = json as Readonly<Record<string, unknown>>;
  for (const scaling of [rope_parameters, rope_scaling]) {
    const { rope_type, type } = (scaling ?? {}) as { readonly rope_type?: unknown; readonly type?: unknown };
    const kind = rope_type ?? type ?? "default";
    if (kind !== "default") fail("config.rope_scaling", `"default" (scaled rotary positions are not supported)`, kind);
  }
  const nested = (rope_parameters ?? {}) as { readonly rope_theta?: unknown };
  const base = rope_theta ?? nested.rope_theta ?? 10000;
  return typeof base === "number" && base > 1 ? base : fail("config.rope_theta", "a number above 1", base);
}

/** The sites of a Llama model: `layers.{i}.attention.query|key|value|output` and `layers.{i}.mlp.gate|up|down`. */
export function llamaSites(
  config: Pick<LlamaConfig, "layers" | "hidden" | "intermediate" | "heads" | "kvHeads" | "headSize">,
): readonly Site[] {
  const { hidden, intermediate } = config;
  const queries = config.heads * config.headSize;
  const keys = config.kvHeads * config.headSize;
  return Array.from({ length: config.layers }, (_, i) => [
    { name: `layers.${i}.attention.query`, inputs: hidden, outputs: queries },
    { name: `layers.${i}.attention.key`, inputs: hidden, outputs: keys },
    { name: `layers.${i}.attention.value`, inputs: hidden, outputs: keys },
    { name: `layers.${i}.attention.output`, inputs: queries, outputs: hidden },
    { name: `layers.${i}.mlp.gate`, inputs: hidden, outputs: intermediate },
    { name: `layers.${i}.mlp.up`, inputs: hidden, outputs: intermediate },
    { name: `layers.${i}.mlp.down`, inputs: intermediate, outputs: hidden },
  ]).flat();
}

/**
 * A Llama language model: RMSNorm before each sub-layer, rotary positions (pairs i, i + headSize/2), grouped-query attention, SwiGLU.
 *     h <- h + Attention(RMSNorm(h)),  h <- h + W_down (silu(W_gate n) * W_up n) with n = RMSNorm(h)
 * The features are the final RMSNorm's output at each text's scored position; after the last attention only that token is computed.
 * @example llama(llamaConfig(json), weights).forward(ops, hooks) // [R, B, hidden]
 * @throws when a weight is missing or has another shape
 * Source: Touvron et al., arXiv 2307.09288, and its references for each part.
 */
export function llama(config: LlamaConfig, weights: Weights): Model {
  const { hidden, heads, kvHeads, headSize, intermediate, epsilon } = config;
  const queries = heads * headSize;
  const keys = kvHeads * headSize;
  const root = weights.has("model.embed_tokens.weight") ? "model." : "";
  const matrix = (name: string, outputs: number, inputs: number) =>
    weights.matrix(`${root}${name}.weight`, [outputs, inputs]);
  const scale = (name: string) => weights.vector(`${root}${name}.weight`, hidden);
  const embedding = matrix("embed_tokens", config.vocabulary, hidden);
  const head = config.tied ? embedding : weights.matrix("lm_head.weight", [config.vocabulary, hidden]);
  const finalScale = scale("norm");
  const layers = Array.from({ length: config.layers }, (_, i) => ({
    site: `layers.${i}`,
    inputScale: scale(`layers.${i}.input_layernorm`),
    query: matrix(`layers.${i}.self_attn.q_proj`, queries, hidden),
    key: matrix(`layers.${i}.self_attn.k_proj`, keys, hidden),
    value: matrix(`layers.${i}.self_attn.v_proj`, keys, hidden),
    output: matrix(`layers.${i}.self_attn.o_proj`, hidden, queries),
    innerScale: scale(`layers.${i}.post_attention_layernorm`),
    gate: matrix(`layers.${i}.mlp.gate_proj`, intermediate, hidden),
    up: matrix(`layers.${i}.mlp.up_proj`, intermediate, hidden),
    down: matrix(`layers.${i}.mlp.down_proj`, hidden, intermediate),
  }));
  const options = { heads, kvHeads, headSize, causal: true, rotary: { base: config.rotaryBase } };

  return {
    family: "llama",
    width: hidden,
    layers: config.layers,
    context: config.context,
    vocabulary: config.vocabulary,
    sites: llamaSites(config),
    id: `llama ${JSON.stringify(config)} ${weights.id}`,
    headRows: (ids) => head.rows(ids),
    forward<T>(ops: Ops<T>, hooks: Hooks<T>): T {
      const linear = siteLinear(ops, hooks);
      let x = ops.embed(embedding, "token");
      layers.forEach((layer, i) => {
        const scoredOnly = (value: T): T => (i === layers.length - 1 ? ops.takeScored(value) : value);
        const n = ops.rmsNorm(x, layer.inputScale, epsilon);
        const attended = ops.attention(
          linear(`${layer.site}.attention.query`, n, layer.query, null),
          linear(`${layer.site}.attention.key`, n, layer.key, null),
          linear(`${layer.site}.attention.value`, n, layer.value, null),
          options,
        );
        const mixed = linear(`${layer.site}.attention.output`, scoredOnly(attended), layer.output, null);
        x = ops.add(scoredOnly(x), mixed);
        const inner = ops.rmsNorm(x, layer.innerScale, epsilon);
        const gate = ops.silu(linear(`${layer.site}.mlp.gate`, inner, layer.gate, null));
        const up = linear(`${layer.site}.mlp.up`, inner, layer.up, null);
        x = ops.add(x, linear(`${layer.site}.mlp.down`, ops.multiply(gate, up), layer.down, null));
      });
      return ops.rmsNorm(x, finalScale, epsilon);
    },
  };
}

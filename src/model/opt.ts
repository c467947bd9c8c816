import { fail } from "../check/check";
import type { Hooks, Ops } from "../ops/ops";
import { configReader, MOST_LAYERS } from "./config";
import type { Model, ModuleNames, Tap, Weights } from "./model";
import type { Site } from "../ops/site";
import { headOf, linearAt, normAt, prefixOf, rowsFrom, scoredTokens } from "./parts";
import type { Linear, Norm } from "./parts";
import { layerSites, siteAttention, siteHidden, siteLinear } from "./site";

export interface OptConfig {
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediate: number;
  readonly vocabulary: number;
  readonly context: number;
  /** Width of the embedding table and of the features; where it is not `hidden`, projections lead in and out. */
  readonly embedding: number;
  /** LayerNorm before each sub-layer and at the end; false (the 350M model): after each sub-layer. */
  readonly normFirst: boolean;
  readonly tied: boolean;
}

/** The position table's first rows belong to no token. */
const FIRST_POSITION = 2;
const EPSILON = 1e-5;

const MODULE_NAMES: ModuleNames = {
  layers: "model.decoder.layers",
  inLayer: {
    "attention.query": "self_attn.q_proj",
    "attention.key": "self_attn.k_proj",
    "attention.value": "self_attn.v_proj",
    "attention.output": "self_attn.out_proj",
    "mlp.up": "fc1",
    "mlp.down": "fc2",
  },
};

/**
 * Reads Hugging Face's `config.json` of an OPT model.
 * @throws when the architecture is another one, or has what `opt` does not compute
 */
export function optConfig(json: unknown): OptConfig {
  const read = configReader(json);
  read.oneOf("model_type", ["opt"]);
  read.only("activation_function", ["relu"], "the feed-forward layers use ReLU");
  read.only("enable_bias", [true], "every projection has a bias");
  read.only("layer_norm_elementwise_affine", [true], "norms have weights");
  read.only("_remove_final_layer_norm", [false], "the final norm is kept");
  const hidden = read.integer("hidden_size");
  const heads = read.integer("num_attention_heads");
  if (hidden % heads !== 0) fail("config.num_attention_heads", `a divisor of hidden_size ${hidden}`, heads);
  return {
    hidden,
    heads,
    layers: read.count("num_hidden_layers", MOST_LAYERS),
    intermediate: read.integer("ffn_dim"),
    vocabulary: read.integer("vocab_size"),
    context: read.integer("max_position_embeddings"),
    embedding: read.integer("word_embed_proj_dim", hidden),
    normFirst: read.boolean("do_layer_norm_before", true),
    tied: read.boolean("tie_word_embeddings", true),
  };
}

/** Gives the sites of an OPT model: `layers.{i}.attention.query|key|value|output` and `layers.{i}.mlp.up|down` (fc1, fc2). */
export function optSites({
  layers,
  hidden,
  intermediate,
}: Pick<OptConfig, "layers" | "hidden" | "intermediate">): readonly Site[] {
  return layerSites(layers, {
    "attention.query": [hidden, hidden],
    "attention.key": [hidden, hidden],
    "attention.value": [hidden, hidden],
    "attention.output": [hidden, hidden],
    "mlp.up": [hidden, intermediate],
    "mlp.down": [intermediate, hidden],
  });
}

/**
 * Makes an OPT language model: learned positions, LayerNorm before each sub-layer (after it in the 350M model), ReLU.
 *     h <- h + Attention(LayerNorm(h)),  h <- h + W2 relu(W1 LayerNorm(h))
 * The features are what the head multiplies, at each text's scored position: the final LayerNorm's output, projected to the
 * embedding's width where that is another.
 * For example `opt(optConfig(json), weights).forward(ops, hooks)`: [R, B, embedding].
 * @throws when a weight is missing or has another shape
 * Source: Zhang et al., arXiv 2205.01068; the order of norms and the position offset as in Hugging Face transformers.
 */
export function opt(config: OptConfig, weights: Weights): Model {
  const { hidden, heads, intermediate, embedding, normFirst } = config;
  const root = prefixOf(weights, "embed_tokens.weight", ["", "decoder.", "model.decoder."]);
  const linear = (name: string, outputs: number, inputs: number): Linear =>
    linearAt(weights, `${root}${name}`, outputs, inputs);
  const norm = (name: string): Norm => normAt(weights, `${root}${name}`, hidden);
  const words = weights.matrix(`${root}embed_tokens.weight`, [config.vocabulary, embedding]);
  const positions = weights.matrix(`${root}embed_positions.weight`, [config.context + FIRST_POSITION, hidden]);
  const position = rowsFrom(positions, FIRST_POSITION);
  const narrow = embedding !== hidden;
  const lead = narrow ? weights.matrix(`${root}project_in.weight`, [hidden, embedding]) : null;
  const out = narrow ? weights.matrix(`${root}project_out.weight`, [embedding, hidden]) : null;
  const layers = Array.from({ length: config.layers }, (_, i) => {
    const at = `layers.${i}`;
    return {
      site: at,
      query: linear(`${at}.self_attn.q_proj`, hidden, hidden),
      key: linear(`${at}.self_attn.k_proj`, hidden, hidden),
      value: linear(`${at}.self_attn.v_proj`, hidden, hidden),
      output: linear(`${at}.self_attn.out_proj`, hidden, hidden),
      attentionNorm: norm(`${at}.self_attn_layer_norm`),
      up: linear(`${at}.fc1`, intermediate, hidden),
      down: linear(`${at}.fc2`, hidden, intermediate),
      norm: norm(`${at}.final_layer_norm`),
    };
  });
  const finalNorm = normFirst ? norm("final_layer_norm") : null;
  const head = config.tied ? words : weights.matrix("lm_head.weight", [config.vocabulary, embedding]);
  const options = { heads, kvHeads: heads, headSize: hidden / heads, causal: true, window: null, rotary: null };

  return {
    family: "opt",
    reading: "causal",
    placement: "llama",
    moduleNames: MODULE_NAMES,
    width: embedding,
    embeddingWidth: embedding,
    layers: config.layers,
    context: config.context,
    vocabulary: config.vocabulary,
    sites: optSites(config),
    id: `opt ${JSON.stringify(config)} ${weights.id}`,
    head: headOf(head, null),
    forward<T>(ops: Ops<T>, hooks: Hooks<T>, tap?: Tap<T>): T {
      const at = siteLinear(ops, hooks);
      const attend = siteAttention(ops, hooks);
      const normalized = (x: T, by: Norm | null): T => (by ? ops.layerNorm(x, by.scale, by.shift, EPSILON) : x);
      const taken = siteHidden(hooks, tap);
      const scored = scoredTokens(ops, layers.length, tap);
      const token = ops.embed(words, "token");
      let x = ops.add(lead ? ops.linear(token, lead, null) : token, ops.embed(position, "position"));
      layers.forEach((layer, i) => {
        x = taken(i, x);
        const [before, after] = normFirst ? [layer.attentionNorm, null] : [null, layer.attentionNorm];
        const n = normalized(x, before);
        const attended = attend(
          `${layer.site}.attention`,
          at(`${layer.site}.attention.query`, n, layer.query),
          at(`${layer.site}.attention.key`, n, layer.key),
          at(`${layer.site}.attention.value`, n, layer.value),
          options,
        );
        const mixed = at(`${layer.site}.attention.output`, scored.after(i, attended), layer.output);
        x = normalized(ops.add(scored.after(i, x), mixed), after);
        const inner = ops.relu(at(`${layer.site}.mlp.up`, normalized(x, normFirst ? layer.norm : null), layer.up));
        const fed = ops.add(x, at(`${layer.site}.mlp.down`, inner, layer.down));
        x = normalized(fed, normFirst ? null : layer.norm);
      });
      const normed = normalized(x, finalNorm);
      const projected = out ? ops.linear(normed, out, null) : normed;
      tap?.(layers.length, projected);
      return scored.end(projected);
    },
  };
}

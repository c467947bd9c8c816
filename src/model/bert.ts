import { fail } from "../check/check";
import type { Hooks, Ops } from "../ops/ops";
import { configReader, MOST_LAYERS } from "./config";
import type { Head, Model, ModuleNames, Tap, Weights } from "./model";
import type { Site } from "../ops/site";
import { headOf, linearAt, normAt, prefixOf, rowsFrom, scoredTokens } from "./parts";
import type { Linear, Norm } from "./parts";
import { layerSites, siteAttention, siteHidden, siteLinear } from "./site";

/** What the two architectures, which are one encoder, have of their own: the names of the masked-LM head, and where positions begin. */
const FAMILIES = {
  bert: {
    head: { root: "cls.predictions", dense: "transform.dense", norm: "transform.LayerNorm" },
    positionsAfterPadding: false,
  },
  roberta: { head: { root: "lm_head", dense: "dense", norm: "layer_norm" }, positionsAfterPadding: true },
} as const;

const IN_LAYER: ModuleNames["inLayer"] = {
  "attention.query": "attention.self.query",
  "attention.key": "attention.self.key",
  "attention.value": "attention.self.value",
  "attention.output": "attention.output.dense",
  "mlp.up": "intermediate.dense",
  "mlp.down": "output.dense",
};

export interface BertConfig {
  readonly family: keyof typeof FAMILIES;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediate: number;
  readonly vocabulary: number;
  /** Rows of the position table. */
  readonly positions: number;
  readonly types: number;
  readonly epsilon: number;
  /** RoBERTa: the row of a text's first token, one after the padding token's id. */
  readonly firstPosition?: number;
  /** The masked-LM head has a matrix of its own; absent: it is the embedding table. */
  readonly untied?: true;
}

/**
 * Reads Hugging Face's `config.json` of a BERT or RoBERTa encoder.
 * @throws when the architecture is another one, or has what `bert` does not compute
 */
export function bertConfig(json: unknown): BertConfig {
  const read = configReader(json);
  const family = read.oneOf("model_type", ["bert", "roberta"]);
  read.only("hidden_act", ["gelu"], "the exact form is the only activation of this encoder");
  read.only("position_embedding_type", ["absolute"], "relative positions are not supported");
  read.only("is_decoder", [false], "this is an encoder");
  const hidden = read.integer("hidden_size");
  const heads = read.integer("num_attention_heads");
  if (hidden % heads !== 0) fail("config.num_attention_heads", `a divisor of hidden_size ${hidden}`, heads);
  return {
    family,
    hidden,
    heads,
    layers: read.count("num_hidden_layers", MOST_LAYERS),
    intermediate: read.integer("intermediate_size"),
    vocabulary: read.integer("vocab_size"),
    positions: read.integer("max_position_embeddings"),
    types: read.integer("type_vocab_size", 2),
    epsilon: read.number("layer_norm_eps", 1e-12),
    ...(FAMILIES[family].positionsAfterPadding ? { firstPosition: read.integer("pad_token_id", 1) + 1 } : {}),
    ...(read.boolean("tie_word_embeddings", true) ? {} : { untied: true }),
  };
}

/** Gives the sites of a BERT encoder: `layers.{i}.attention.query|key|value|output` and `layers.{i}.mlp.up|down`. */
export function bertSites({
  layers,
  hidden,
  intermediate,
}: Pick<BertConfig, "layers" | "hidden" | "intermediate">): readonly Site[] {
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
 * Makes a BERT or RoBERTa encoder, with LayerNorm after each sub-layer. All tokens are of type 0.
 *     h <- LayerNorm(h + Attention(h)),  h <- LayerNorm(h + W2 gelu(W1 h))
 * Where the file has a masked-LM head, the features are LayerNorm(gelu(W h + b)) at each text's scored (mask) position, which
 * `head` turns into logits; otherwise the mean of the last hidden states over the text's tokens, divided by its length.
 * For example `bert(bertConfig(json), weights).forward(ops, hooks)`: [R, B, hidden].
 * @throws when a weight is missing or has another shape
 * Source: Devlin et al., arXiv 1810.04805; Liu et al., arXiv 1907.11692; pooling as in sentence-transformers (mean, then normalize).
 */
export function bert(config: BertConfig, weights: Weights): Model {
  const { family, ...sizes } = config;
  const { hidden, heads, intermediate, epsilon, firstPosition = 0 } = config;
  const root = prefixOf(weights, "embeddings.word_embeddings.weight", ["", `${family}.`]);
  const linear = (name: string, outputs: number, inputs: number): Linear =>
    linearAt(weights, `${root}${name}`, outputs, inputs);
  const norm = (name: string): Norm => normAt(weights, `${root}${name}`, hidden);
  const table = (name: string, rows: number) => weights.matrix(`${root}embeddings.${name}.weight`, [rows, hidden]);
  const embeddings = {
    word: table("word_embeddings", config.vocabulary),
    position: rowsFrom(table("position_embeddings", config.positions), firstPosition),
    type: table("token_type_embeddings", config.types),
    norm: norm("embeddings.LayerNorm"),
  };
  const layers = Array.from({ length: config.layers }, (_, i) => {
    const at = `encoder.layer.${i}`;
    return {
      site: `layers.${i}`,
      query: linear(`${at}.attention.self.query`, hidden, hidden),
      key: linear(`${at}.attention.self.key`, hidden, hidden),
      value: linear(`${at}.attention.self.value`, hidden, hidden),
      output: linear(`${at}.attention.output.dense`, hidden, hidden),
      attentionNorm: norm(`${at}.attention.output.LayerNorm`),
      up: linear(`${at}.intermediate.dense`, intermediate, hidden),
      down: linear(`${at}.output.dense`, hidden, intermediate),
      norm: norm(`${at}.output.LayerNorm`),
    };
  });
  const masked = maskedHead(config, weights, `${root}embeddings.word_embeddings`);
  const options = { heads, kvHeads: heads, headSize: hidden / heads, causal: false, window: null, rotary: null };

  return {
    family,
    reading: masked === null ? "pooled" : "masked",
    placement: "roberta",
    moduleNames: { layers: masked === null ? "encoder.layer" : `${family}.encoder.layer`, inLayer: IN_LAYER },
    width: hidden,
    embeddingWidth: hidden,
    layers: config.layers,
    context: config.positions - firstPosition,
    vocabulary: config.vocabulary,
    sites: bertSites(config),
    id: `${family} ${JSON.stringify(sizes)} ${weights.id}`,
    head: masked === null ? null : masked.head,
    forward<T>(ops: Ops<T>, hooks: Hooks<T>, tap?: Tap<T>): T {
      const at = siteLinear(ops, hooks);
      const attend = siteAttention(ops, hooks);
      const normalized = (x: T, { scale, shift }: Norm): T => ops.layerNorm(x, scale, shift, epsilon);
      const taken = siteHidden(hooks, tap);
      const scored = scoredTokens(ops, layers.length, tap);
      const typed = ops.add(ops.embed(embeddings.word, "token"), ops.embed(embeddings.type, "zero"));
      let x = normalized(ops.add(typed, ops.embed(embeddings.position, "position")), embeddings.norm);
      layers.forEach((layer, i) => {
        x = taken(i, x);
        const needed = (value: T): T => (masked === null ? value : scored.after(i, value));
        const attended = attend(
          `${layer.site}.attention`,
          at(`${layer.site}.attention.query`, x, layer.query),
          at(`${layer.site}.attention.key`, x, layer.key),
          at(`${layer.site}.attention.value`, x, layer.value),
          options,
        );
        const mixed = at(`${layer.site}.attention.output`, needed(attended), layer.output);
        x = normalized(ops.add(needed(x), mixed), layer.attentionNorm);
        const inner = ops.gelu(at(`${layer.site}.mlp.up`, x, layer.up));
        x = normalized(ops.add(x, at(`${layer.site}.mlp.down`, inner, layer.down)), layer.norm);
      });
      tap?.(layers.length, x);
      if (masked === null) return ops.normalize(ops.meanPool(x));
      const { dense, norm } = masked;
      return normalized(ops.gelu(ops.linear(scored.end(x), dense.weight, dense.bias)), norm);
    },
  };
}

/** What follows the encoder in a masked language model. */
interface MaskedHead {
  readonly dense: Linear;
  readonly norm: Norm;
  readonly head: Head;
}

/** The masked-LM head of a file; null where it has none. */
function maskedHead(
  { family, hidden, vocabulary, untied }: BertConfig,
  weights: Weights,
  words: string,
): MaskedHead | null {
  const { root, dense, norm } = FAMILIES[family].head;
  if (!weights.has(`${root}.${dense}.weight`)) return null;
  // A head of its own has its own bias; a tied one's bias is under both names, or one of them.
  const names = untied ? [`${root}.decoder.bias`, `${root}.bias`] : [`${root}.bias`, `${root}.decoder.bias`];
  const bias = names.find((name) => weights.has(name)) ?? names[0];
  const table = untied ? `${root}.decoder` : words;
  const rows = weights.matrix(`${table}.weight`, [vocabulary, hidden]);
  const [first, last] = [
    linearAt(weights, `${root}.${dense}`, hidden, hidden),
    normAt(weights, `${root}.${norm}`, hidden),
  ];
  const between = [first.weight, first.bias, last.scale, last.shift].flatMap((weight) => weight?.name ?? []);
  return {
    dense: first,
    norm: last,
    head: { ...headOf(rows, weights.vector(bias, vocabulary)), transform: between },
  };
}

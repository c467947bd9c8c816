import { fail } from "../check/check";
import type { FrozenMatrix, FrozenVector, Hooks, Ops } from "../ops/ops";
import { configReader } from "./config";
import type { Model, Site, Weights } from "./model";
import { siteLinear } from "./site";

export interface BertConfig {
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediate: number;
  readonly vocabulary: number;
  readonly positions: number;
  readonly types: number;
  readonly epsilon: number;
}

/**
 * Reads Hugging Face's `config.json` of a BERT encoder.
 * @throws when the architecture is another one, or has what `bert` does not compute
 */
export function bertConfig(json: unknown): BertConfig {
  const read = configReader(json, "bert");
  read.only("hidden_act", ["gelu"], "the exact form is the only activation of this encoder");
  read.only("position_embedding_type", ["absolute"], "relative positions are not supported");
  read.only("is_decoder", [false], "this is an encoder");
  const hidden = read.integer("hidden_size");
  const heads = read.integer("num_attention_heads");
  if (hidden % heads !== 0) fail("config.num_attention_heads", `a divisor of hidden_size ${hidden}`, heads);
  return {
    hidden,
    heads,
    layers: read.integer("num_hidden_layers"),
    intermediate: read.integer("intermediate_size"),
    vocabulary: read.integer("vocab_size"),
    positions: read.integer("max_position_embeddings"),
    types: read.integer("type_vocab_size", 2),
    epsilon: read.number("layer_norm_eps", 1e-12),
  };
}

/** The sites of a BERT encoder: `layers.{i}.attention.query|key|value|output` and `layers.{i}.mlp.up|down`. */
export function bertSites({
  layers,
  hidden,
  intermediate,
}: Pick<BertConfig, "layers" | "hidden" | "intermediate">): readonly Site[] {
  return Array.from({ length: layers }, (_, i) => [
    ...["query", "key", "value", "output"].map((word) => ({
      name: `layers.${i}.attention.${word}`,
      inputs: hidden,
      outputs: hidden,
    })),
    { name: `layers.${i}.mlp.up`, inputs: hidden, outputs: intermediate },
    { name: `layers.${i}.mlp.down`, inputs: intermediate, outputs: hidden },
  ]).flat();
}

/**
 * A BERT encoder with LayerNorm after each sub-layer, as a sentence encoder: the features are the mean of the last hidden
 * states over the text's tokens, divided by its length. All tokens are of type 0.
 *     h <- LayerNorm(h + Attention(h)),  h <- LayerNorm(h + W2 gelu(W1 h))
 * @example bert(bertConfig(json), weights).forward(ops, hooks) // [R, B, hidden]
 * @throws when a weight is missing or has another shape
 * Source: Devlin et al., arXiv 1810.04805; pooling as in sentence-transformers (mean, then normalize).
 */
export function bert(config: BertConfig, weights: Weights): Model {
  const { hidden, heads, intermediate, epsilon } = config;
  const root = weights.has("embeddings.word_embeddings.weight") ? "" : "bert.";
  const matrix = (name: string, outputs: number, inputs: number) =>
    weights.matrix(`${root}${name}.weight`, [outputs, inputs]);
  const linear = (name: string, outputs: number, inputs: number): Linear => ({
    weight: matrix(name, outputs, inputs),
    bias: weights.vector(`${root}${name}.bias`, outputs),
  });
  const norm = (name: string): Norm => ({
    scale: weights.vector(`${root}${name}.weight`, hidden),
    shift: weights.vector(`${root}${name}.bias`, hidden),
  });
  const embeddings = {
    word: matrix("embeddings.word_embeddings", config.vocabulary, hidden),
    position: matrix("embeddings.position_embeddings", config.positions, hidden),
    type: matrix("embeddings.token_type_embeddings", config.types, hidden),
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
  const options = { heads, kvHeads: heads, headSize: hidden / heads, causal: false, rotary: null };

  return {
    family: "bert",
    width: hidden,
    layers: config.layers,
    context: config.positions,
    vocabulary: config.vocabulary,
    sites: bertSites(config),
    id: `bert ${JSON.stringify(config)} ${weights.id}`,
    headRows: null,
    forward<T>(ops: Ops<T>, hooks: Hooks<T>): T {
      const at = siteLinear(ops, hooks);
      const apply = (site: string, x: T, { weight, bias }: Linear): T => at(site, x, weight, bias);
      const normalized = (x: T, { scale, shift }: Norm): T => ops.layerNorm(x, scale, shift, epsilon);
      const typed = ops.add(ops.embed(embeddings.word, "token"), ops.embed(embeddings.type, "zero"));
      let x = normalized(ops.add(typed, ops.embed(embeddings.position, "position")), embeddings.norm);
      for (const layer of layers) {
        const attended = ops.attention(
          apply(`${layer.site}.attention.query`, x, layer.query),
          apply(`${layer.site}.attention.key`, x, layer.key),
          apply(`${layer.site}.attention.value`, x, layer.value),
          options,
        );
        x = normalized(
          ops.add(x, apply(`${layer.site}.attention.output`, attended, layer.output)),
          layer.attentionNorm,
        );
        const inner = ops.gelu(apply(`${layer.site}.mlp.up`, x, layer.up));
        x = normalized(ops.add(x, apply(`${layer.site}.mlp.down`, inner, layer.down)), layer.norm);
      }
      return ops.normalize(ops.meanPool(x));
    },
  };
}

interface Linear {
  readonly weight: FrozenMatrix;
  readonly bias: FrozenVector;
}

interface Norm {
  readonly scale: FrozenVector;
  readonly shift: FrozenVector;
}

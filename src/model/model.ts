import type { BottleneckPlacement } from "../adapter/adapter";
import type { FrozenMatrix, FrozenVector, Hooks, Ops } from "../ops/ops";
import type { Site } from "../ops/site";

/** Frozen weights by name, from a file. Names are canonical (Hugging Face's) whatever the file format. */
export interface Weights {
  /** Hash or fingerprint of the file's content. */
  readonly id: string;
  names(): readonly string[];
  /** @throws when the tensor is missing or its shape differs, with expected and got */
  matrix(name: string, shape: readonly [number, number]): FrozenMatrix;
  vector(name: string, size: number): FrozenVector;
  has(name: string): boolean;
}

/** The language-model head, read for the tokens that are scored: logit = <feature, row> + bias. */
export interface Head {
  /** [vocabulary, H]; the embedding table where the two are tied. */
  readonly weight: FrozenMatrix;
  /** [vocabulary]. */
  readonly biases: FrozenVector | null;
  /** Names of the weights that lie between the last layer and this table: a masked-LM head's dense layer and norm. Absent: none. */
  readonly transform?: readonly string[];
  /** [n, H] for these n token ids. */
  rows(ids: readonly number[]): Float32Array;
  /** [n]; null where the head has none. */
  bias(ids: readonly number[]): Float32Array | null;
}

/**
 * Called with the hidden states [R, T, H] of all tokens, as Hugging Face's `hidden_states` counts them: 0 the embeddings, then
 * each layer's output, the last one after the final norm where the family has one.
 */
export type Tap<T> = (layer: number, hidden: T) => void;

/** How a model reads texts: at a mask, after a prompt that it continues, or as one vector of the whole text. */
export type Reading = "masked" | "causal" | "pooled";

/** What Hugging Face transformers calls the modules at a model's sites. */
export interface ModuleNames {
  /** What is before the number of a layer, in the class that `AutoModelForCausalLM`, `AutoModelForMaskedLM` or, without a head, `AutoModel` makes. */
  readonly layers: string;
  /** A module's name within its layer, by what follows "layers.{i}." in a site's name. */
  readonly inLayer: Readonly<Record<string, string>>;
}

/** How llama.cpp's files hold a model of this architecture. */
export interface GgufForm {
  /** `general.architecture`. */
  readonly architecture: "llama" | "qwen2";
  /** The size of a head where the rows of query and key are interleaved (`interleavedRow`); null where they lie as here. */
  readonly interleaved: number | null;
}

/** A model definition written once on `Ops<T>`. */
export interface Model {
  /** What the architecture is called, for messages, tables and paths: whatever depends on it is a field of its own. */
  readonly family: string;
  /** How the features read a text. */
  readonly reading: Reading;
  /** Where AdaZeta's adapters sit in the layers. */
  readonly placement: BottleneckPlacement["placement"];
  readonly moduleNames: ModuleNames;
  /** Absent where no GGUF file of this architecture is read or written here. */
  readonly gguf?: GgufForm;
  /** Width H of the features. */
  readonly width: number;
  /** Width of a token's row in the embedding table. */
  readonly embeddingWidth: number;
  readonly layers: number;
  /** Longest text in tokens. */
  readonly context: number;
  readonly vocabulary: number;
  readonly sites: readonly Site[];
  /** Fingerprint of architecture and weights. */
  readonly id: string;
  /** The features [R, K, H] of the batch, a row for each scored position (mean-pooled: [R, B, H]). With a tap no token is dropped before the end: slower, the same features. */
  forward<T>(ops: Ops<T>, hooks: Hooks<T>, tap?: Tap<T>): T;
  /** Null where the features are a sentence vector or scores already. */
  readonly head: Head | null;
  /** A text's features depend on the other texts of its batch, so that an engine computes them together. Absent: on the text alone. */
  readonly together?: true;
  /** The features are this head's log-probabilities of the targets that a batch must name (`tokenScorer`). */
  readonly scoredBy?: Head;
}

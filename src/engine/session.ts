import type { GradientBlock } from "../estimator/objective";
import type { HiddenRows } from "../model/hidden-forward";
import type { DerivativeBy } from "../ops/reverse";
import type { Layout } from "../tree/layout";
import type { Agreement } from "./agreement";

/** Token ids of B texts, each at least one token long, no padding. */
export interface TokenBatch {
  readonly ids: readonly (readonly number[])[];
  /** Scored position of each text, or several; default: its last token. Mean-pooled models ignore one and refuse several. */
  readonly scored?: readonly (number | readonly number[])[];
  /** The token whose log-probability is wanted at each scored position, in the same form; read by `tokenScorer` models alone. */
  readonly targets?: readonly (number | readonly number[])[];
  /** What the adapter adds is multiplied by, by site; 1 where there is none. For an adapter made with `dropping` alone. */
  readonly keep?: ReadonlyMap<string, number>;
}

/** Features [points, K, H] of one batch, row-major: a row for each of the K scored positions, text after text; for a mean-pooled model, each text. */
export interface Features {
  readonly data: Float32Array;
  readonly points: number;
  /** K: the number of texts where each has one scored position. */
  readonly texts: number;
  readonly width: number;
}

/** Hidden states of one layer on a batch, [rows, width] row-major: a row for each token, text or scored position, text after text. */
export interface HiddenStates {
  readonly data: Float32Array;
  readonly rows: number;
  readonly width: number;
}

/**
 * Gives hidden states of the frozen model by their names (`hiddenNames`), without the adapter, in one pass that ends at the last of them.
 * Nothing is differentiated. Default rows: "token".
 */
export type FindHidden = (
  names: readonly string[],
  batch: TokenBatch,
  rows?: HiddenRows,
) => Promise<ReadonlyMap<string, HiddenStates>>;

/**
 * A frozen model with a trainable adapter, open on some engine. Features are what the readout scores: the pooled vector of an
 * encoder, or the final normalised hidden state at the scored position of a language model.
 */
export interface ModelSession {
  /** What was opened: model, adapter, engine, precision. Two sessions with equal `id` compute the same numbers. */
  readonly id: string;
  /** The trainable parameters. */
  readonly layout: Layout;
  readonly width: number;
  /** What rounding does to an estimator (`estimatorKey`): measured figures, null: not measured; absent where nothing is rounded. */
  readonly agreement?: (estimator: string) => Agreement | null;
  features(points: readonly Float32Array[], batch: TokenBatch): Promise<Features>;
  /** The features at the point [1, B, H] and their exact derivative along each direction [P, B, H]. */
  tangents(
    point: Float32Array,
    directions: readonly Float32Array[],
    batch: TokenBatch,
  ): Promise<{ readonly primal: Features; readonly tangents: Features }>;
  /** Absent where the engine has no hidden states by name. */
  readonly hidden?: FindHidden;
  /**
   * The exact gradient by all trainable parameters at once, by what is added to the embeddings, or by both. A loss that the engine computes itself
   * takes one call of it, a pull-back two. Absent where the engine has no reverse mode.
   */
  readonly gradient?: (
    point: Float32Array,
    batch: TokenBatch,
    loss: GradientLoss,
    offset?: EmbeddingOffset,
  ) => Promise<PointGradient>;
  /** Width of an offset's rows; absent where there is no gradient. */
  readonly embeddingWidth?: number;
  /** Why there is no gradient, for people; absent where there is one, or the engine has no reverse mode. */
  readonly noGradient?: string;
  /**
   * The same gradient block by block, from the last layer to the first: `take` has a block before the next is computed, and whoever lets go of it
   * needs memory for one. Each tensor is in one block, when all that it does in the model is summed; the point must stay as it is meanwhile.
   * Absent where an engine or an adapter has its gradient as a whole.
   */
  readonly gradientBlocks?: (
    point: Float32Array,
    batch: TokenBatch,
    loss: GradientLoss,
    take: (block: GradientBlock, forward: ForwardResults) => void | Promise<void>,
  ) => Promise<ForwardResults>;
  /** The weights that the trainable parameters are a change of; absent where they are no change, or the engine cannot fold one. */
  readonly base?: HeldBase;
  /** One line: what computes, and why nothing better; absent where there is no choice. */
  readonly told?: string;
  /** Whether it was closed, or what computed has broken down; absent where that cannot be. */
  readonly hasEnded?: () => boolean;
  dispose(): Promise<void>;
}

/** Weights that an engine holds and folds changes into. One call at a time. */
export interface HeldBase {
  /** W <- W + left right^T for each matrix, in place: each number is summed in float64 and rounded once. Changes of vectors stay in the point. */
  fold(point: Float32Array): Promise<void>;
  /** W <- the model's own. */
  reset(): Promise<void>;
  /** Rows of a matrix as it is now, [rows.length][columns]; null where it is not among them. */
  rows(name: string, rows: readonly number[]): Promise<Float32Array | null>;
  /** The trained tensors at a point, as full-parameter training has them [d of the whole]: a copy. */
  formed(point: Float32Array): Promise<Float32Array>;
}

/** What is differentiated: a loss of rows, which is known before the features are, or else its derivative by them. */
export type GradientLoss = PullBack | RowLoss;

/** From the features [1, B, H] at a point to the loss's derivative by each of them [1, B, H]. */
export type PullBack = (features: Features) => Float32Array;

/** L = sum_k weight_k l_k over the K rows of the features, computed by the engine. */
export interface RowLoss {
  /** [K]: 1 / K each for a mean; 0 leaves a row out. */
  readonly weights: ArrayLike<number>;
  /** l_k is the cross-entropy over these classes; null: the feature itself, which then has width 1 (as those of a `tokenScorer`). */
  readonly classes: ClassScores | null;
}

/** Scores s_k = W f_k + b of C classes and what is right: l_k = log sum_c exp(s_kc) - sum_c share_kc s_kc. */
export interface ClassScores {
  /** W [C, H], row-major. */
  readonly rows: ArrayLike<number>;
  /** b [C]. */
  readonly biases: ArrayLike<number>;
  /** [K, C]; of a label: 1 at its class, 0 elsewhere. */
  readonly shares: ArrayLike<number>;
}

/** What is added to the rows that a batch's tokens take of the embedding table (`inputs_embeds` + offset, in Hugging Face's words). */
export interface EmbeddingOffset {
  /** [T, embedding width], row-major: a row for each token of the batch, text after text. */
  readonly rows: ArrayLike<number>;
  /** What derivatives are wanted by. */
  readonly by: DerivativeBy;
}

/** What the way forward of a gradient gives. */
export interface ForwardResults {
  readonly features: Features;
  /** l_k of each row [K]; absent where the caller pulls back. */
  readonly losses?: Float32Array;
}

export interface PointGradient extends ForwardResults {
  /** [d]; empty where the derivative by the offset alone is wanted. */
  readonly gradient: Float32Array;
  /** [T, embedding width]; absent where no derivative by an offset is wanted. */
  readonly offsetGradient?: Float32Array;
}

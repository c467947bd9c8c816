import type { Grid, Levels } from "./grid";

/**
 * The coarse operations that models and adapters are written in, once; engines interpret them.
 *
 * Values. Almost every value is [R, T, H]: R points (1 where nothing trainable has been touched yet, then the value is
 * shared by all points), T packed tokens of the batch (no padding: the texts' tokens one after another), H features.
 * `[R, 1, n]` is a trainable vector, `[R, k, n]` a trainable matrix, `[R, A, ...]` a stack of A equal tensors.
 */
export interface Ops<T> {
  /** Rows of a frozen table for each packed token: [1, T, H], or [1, 1, H] by "zero", the first row for all. `by` says which index selects the row. */
  embed(table: FrozenMatrix, by: EmbeddingIndex): T;
  /** Frozen product y = x W^T + b with W [out, in], rounded where it says so, b [out] or null: [R, T, in] -> [R, T, out]. */
  linear(x: T, weight: FrozenMatrix, bias: FrozenVector | null): T;
  /** A stack [R, A, ...shape] of A trainable tensors of equal shape, contiguous in the layout, by name. */
  parameters(names: readonly string[]): T;
  /** One tensor of a stack: [R, A, ...shape] -> [R, ...shape]. */
  pick(stack: T, index: number): T;
  /** Reads the elements under other static trailing axes; the leading R stays: [R, ...] -> [R, ...shape]. */
  reshape(x: T, shape: readonly number[]): T;
  /** Product over the last two axes, all leading axes equal (or R = 1): [R, ..., m, k] x [R, ..., k, n] -> [R, ..., m, n]. */
  matmul(x: T, y: T): T;
  /** x y^T over the last two axes: [R, m, k] x [R, n, k] -> [R, m, n]; a trainable matrix as files store it, [out, in]. */
  matmulTransposed(x: T, y: T): T;
  /** Rows of a trainable table for each packed token: [R, rows, H] -> [R, T, H], or [R, 1, H] by "zero". */
  gather(table: T, by: EmbeddingIndex): T;
  /** Adds a trainable vector to every token: [R, T, n] + [R, 1, n]. */
  addBias(x: T, bias: T): T;
  add(x: T, y: T): T;
  multiply(x: T, y: T): T;
  scale(x: T, factor: number): T;
  addScalar(x: T, value: number): T;
  /** Over the last axis, kept as size 1. */
  sum(x: T): T;
  /** 1 / sqrt(x). */
  inverseSqrt(x: T): T;
  /** What an adapter adds at a site, as it is added: x itself, or x times the site's keep factor. */
  added(x: T, site: string): T;
  /** The batch's keep factor at a site: [1, 1, 1]; 1 where it names none. */
  keepFactor(site: string): T;
  /** x rounded to a grid; a derivative goes straight through, as if it were x. */
  round(x: T, grid: Grid): T;
  relu(x: T): T;
  tanh(x: T): T;
  sigmoid(x: T): T;
  /** x Phi(x), the exact (erf) form. */
  gelu(x: T): T;
  /** x sigmoid(x). */
  silu(x: T): T;
  /** (x - mean) / sqrt(var + epsilon) * scale + shift over the last axis; scale, shift [H]. */
  layerNorm(x: T, scale: FrozenVector, shift: FrozenVector, epsilon: number): T;
  /** x / sqrt(mean(x^2) + epsilon) * scale over the last axis; scale [H]. */
  rmsNorm(x: T, scale: FrozenVector, epsilon: number): T;
  /**
   * softmax(q k^T / sqrt(headSize) + mask) v per text. q [R, T, heads*headSize], k and v [R, T, kvHeads*headSize] -> like q.
   * A prefix's keys and values stand before those of every text and are seen by all its tokens, whatever the mask.
   */
  attention(q: T, k: T, v: T, options: AttentionOptions, prefix?: AttentionPrefix<T> | null): T;
  /** The mean over each text's tokens: [R, T, H] -> [R, B, H]. */
  meanPool(x: T): T;
  /** The tokens at the batch's K scored positions, one a text or several: [R, T, H] -> [R, K, H]. */
  takeScored(x: T): T;
  /** log softmax(x)[target] over the last axis, with the batch's target of each scored token: logits [R, K, V] -> [R, K, 1]. */
  targetLogProbability(x: T): T;
  /** x / |x| over the last axis. */
  normalize(x: T): T;
}

export type EmbeddingIndex = "token" | "position" | "zero";

export interface AttentionOptions {
  readonly heads: number;
  /** Divides `heads`; smaller than it for grouped-query attention. */
  readonly kvHeads: number;
  readonly headSize: number;
  /** Token t sees tokens 0..t of its text only. */
  readonly causal: boolean;
  /** A token sees itself and the window - 1 tokens before it; null: all of them. Only with `causal`. */
  readonly window: number | null;
  /** Rotary position embedding of q and k. */
  readonly rotary: Rotary | null;
}

/** Keys and values of m tokens that no text holds, each [R, kvHeads*headSize, m]: a column is a token. Keys are not rotated. */
export interface AttentionPrefix<T> {
  /** m. */
  readonly tokens: number;
  readonly keys: T;
  readonly values: T;
}

/** What a token may look at. */
export type Visibility = Pick<AttentionOptions, "causal" | "window">;

/**
 * The rotation of the pairs (i, i + headSize/2) of a head (the Hugging Face layout) by position * frequencies[i]:
 *     x_i <- factor (x_i cos - x_{i+half} sin),  x_{i+half} <- factor (x_{i+half} cos + x_i sin)
 */
export interface Rotary {
  /** [headSize/2], radians per position. */
  readonly frequencies: readonly number[];
  /** On cosine and sine; 1 unless the scaling says otherwise. */
  readonly factor: number;
}

/** A frozen weight matrix [out, in] (or a table [rows, H]), read when an engine needs it. */
export interface FrozenMatrix {
  readonly name: string;
  readonly shape: readonly [number, number];
  read(): Float32Array;
  /** Only these rows, [indices.length, H]: an engine need not hold a whole embedding table. */
  rows(indices: ArrayLike<number>): Float32Array;
  /** The rows as the file has them, where it keeps few bits a number; absent where it does not. */
  readonly blocks?: StoredBlocks;
  /** A product multiplies these values rounded to such levels, each row [in] by itself. Absent: as they are. */
  readonly rounding?: Levels;
  /** The values are such levels already, each row [in] by itself. Absent: nothing is known of them. */
  readonly rounded?: Levels;
  /** The file that the values are read from, as it was when it was opened: another one has another text. Absent: no file. */
  readonly source?: string;
}

/** A matrix [out, in] in blocks of numbers that share a scale: w = scale (q - zero), or scale q + offset where a block has an offset. */
export interface StoredBlocks {
  readonly bits: 4 | 8;
  /** Numbers of a block, along the row. */
  readonly size: number;
  /** The code that stands for 0; null: each block has an offset. */
  readonly zero: number | null;
  codes(indices: ArrayLike<number>): BlockCodes;
}

export interface BlockCodes {
  /** One code a byte, [rows, in]. */
  readonly values: Uint8Array;
  /** [rows, blocks] */
  readonly scales: Float32Array;
  /** [rows, blocks]; zeros where no block has an offset. */
  readonly offsets: Float32Array;
}

/** A frozen weight vector [n]. */
export interface FrozenVector {
  readonly name: string;
  readonly shape: readonly [number];
  read(): Float32Array;
}

/** What an adapter does at a frozen linear layer, by the layer's site name (for example "layers.3.attention.query"), and in attention. */
export interface Hooks<T> {
  /** Changes the layer's input. */
  input(site: string, x: T): T;
  /** Changes the layer's output y; x is the input that the frozen product saw. */
  output(site: string, x: T, y: T): T;
  /** What stands before every text in this attention ("layers.3.attention"); absent or null: nothing. */
  prefix?(site: string): AttentionPrefix<T> | null;
  /**
   * Changes the hidden states [R, T, H] that a layer takes: of every token, before any norm of the layer. Place 0 has what the embeddings give,
   * place k the output of k layers, the last place what the last layer takes. Absent: as they are.
   */
  hidden?(place: number, h: T): T;
}

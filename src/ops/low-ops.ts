import type { Grid } from "./grid";
import type { EmbeddingIndex, FrozenMatrix, FrozenVector, Rotary, Visibility } from "./ops";
import type { Shape } from "./shape";

/**
 * The smaller operations that `plain(low)` and `dual(low)` build the coarse `Ops` from. An engine implements these.
 * Shapes are [R, ...]; binary operations broadcast as NumPy does. Geometry (which token belongs to which text) is the
 * engine's: it is known at run time only, so heads, masks, rotation and pooling are operations here, not reshapes.
 */
export interface LowOps<T> {
  embed(table: FrozenMatrix, by: EmbeddingIndex): T;
  /** x W^T, no bias; R may be 1, P or 1 + P: one weight, one packed copy. */
  frozen(x: T, weight: FrozenMatrix): T;
  /** A frozen vector [n] that broadcasts over leading axes. */
  vector(weight: FrozenVector): T;
  /** Stacked trainable tensors [R, A, ...shape] of the point(s), or of the directions [P, A, ...shape] (dual graphs only). */
  parameters(names: readonly string[], of: "point" | "directions"): T;
  /** What a call brings besides batch and points, of this shape. */
  given(name: GivenName, shape: Shape): T;
  pick(stack: T, index: number): T;
  reshape(x: T, shape: readonly number[]): T;
  /** Last two axes, leading axes broadcast. */
  matmul(x: T, y: T): T;
  /** x y^T over the last two axes, times `factor`; leading axes broadcast. */
  matmulTransposed(x: T, y: T, factor: number): T;
  /** Rows of a table [R, rows, H] for each packed token: [R, T, H], or its first row [R, 1, H] by "zero". */
  gather(table: T, by: EmbeddingIndex): T;
  add(x: T, y: T): T;
  subtract(x: T, y: T): T;
  multiply(x: T, y: T): T;
  scale(x: T, factor: number): T;
  addScalar(x: T, value: number): T;
  /** The batch's keep factor at a site: [1, 1, 1]; 1 where it names none. */
  keepFactor(site: string): T;
  /** Rounds to a grid; its derivative is 1 (the straight-through estimate). */
  round(x: T, grid: Grid): T;
  /** 1 where x > 0, else 0. */
  positive(x: T): T;
  relu(x: T): T;
  tanh(x: T): T;
  sigmoid(x: T): T;
  erf(x: T): T;
  exp(x: T): T;
  /** 1 / sqrt(x). */
  inverseSqrt(x: T): T;
  /** Over the last axis, kept as size 1. */
  sum(x: T): T;
  mean(x: T): T;
  softmax(x: T): T;
  /** log(sum(exp(x))), without overflow. */
  logSumExp(x: T): T;
  /** Joins along the leading axis. */
  concat(values: readonly T[]): T;
  /** The first row of the leading axis: [R, ...] -> [1, ...]. */
  first(x: T): T;
  /** All but the first: [R, ...] -> [R - 1, ...]. */
  rest(x: T): T;
  /** [R, T, groups*perGroup*headSize] -> [R, B, groups, perGroup, S, headSize], padded to the longest text with a copy of some token. */
  splitHeads(x: T, groups: number, perGroup: number): T;
  /** The inverse: [R, B, groups, perGroup, S, headSize] -> [R, T, groups*perGroup*headSize]. */
  mergeHeads(x: T): T;
  /** Applies the rotary rotation at positions 0..S-1: [..., S, headSize] -> same. Linear in x. */
  rotate(x: T, rotary: Rotary): T;
  /** Adds 0 where a token may look and -1e9 where it may not: scores [R, B, groups, perGroup, S, S]. */
  mask(scores: T, sees: Visibility): T;
  meanPool(x: T): T;
  takeScored(x: T): T;
  /** From each scored token's row the number at its target, as the batch names it: [R, K, V] -> [R, K, 1]. */
  takeTargets(x: T): T;
}

/**
 * Values that a call may bring: what is added to the embeddings of its tokens [1, T, width] and directions of that [P, T, width]; the rows [1, C, H]
 * and biases [1, 1, C] that make classes' scores of features, and the share [1, K, C] that each class has in what is right.
 */
export type GivenName = "offset" | "offsetDirections" | "rows" | "biases" | "shares";

import type { LowOps } from "./low-ops";
import type { EmbeddingIndex, FrozenMatrix } from "./ops";
import type { Shape } from "./shape";

/**
 * The lower operations and what pulling a derivative back through them needs besides: those of the programs that `reverse` writes. An
 * engine that gives gradients has these.
 */
export interface Reversible<T> extends LowOps<T> {
  /** The loss's derivative by each of the features, like them. Whoever runs the program gives it, when the features are there. */
  cotangent(features: T): T;
  /** Sums over the axes of `shape` that are 1 there and over those that it lacks: the adjoint of broadcasting. */
  sumTo(x: T, shape: Shape): T;
  /** Repeats along the last axis, which is 1: [..., 1] -> [..., width], the adjoint of `sum`. */
  spread(x: T, width: number): T;
  /** x^T y over the last two axes, leading axes broadcast. */
  matmulOfTransposed(x: T, y: T): T;
  /** x W: the adjoint of `frozen`. */
  frozenBack(x: T, weight: FrozenMatrix): T;
  /** [R, count, ...] with the k-th of these tensors [R, ...] at index indices[k] and 0 elsewhere: the adjoint of several `pick`s. */
  unpick(picked: readonly T[], indices: readonly number[], count: number): T;
  /** Like `splitHeads` with 0 past a text's end: the adjoint of `mergeHeads`. */
  unmergeHeads(x: T, groups: number, perGroup: number): T;
  /** [R, B, H] -> [R, T, H]: the adjoint of `meanPool`. */
  unpool(x: T): T;
  /** [R, K, H] -> [R, T, H], 0 but at the scored tokens: the adjoint of `takeScored`. */
  untakeScored(x: T): T;
  /** [R, K, 1] -> [R, K, width], 0 but at the targets: the adjoint of `takeTargets`. */
  untakeTargets(x: T, width: number): T;
  /** [R, T, H] -> [R, rows, H], each token's row added to the row that it was taken from: the adjoint of `gather`. */
  ungather(x: T, by: EmbeddingIndex, rows: number): T;
}

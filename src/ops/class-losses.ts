import type { LowOps } from "./low-ops";

/** Sizes of the features [1, rows, width] and of the classes that they are scored for. */
export interface ClassSizes {
  /** One for each scored position, or for each text. */
  readonly rows: "K" | "B";
  readonly width: number;
  readonly classes: number;
}

/**
 * Computes the cross-entropy of each row of features [1, K, H] over C classes: [1, K, 1],
 *     s_k = W f_k + b,  l_k = log sum_c exp(s_kc) - sum_c share_kc s_kc
 * with rows W, biases b and shares as the call gives them; the shares of a label are 1 at its class and 0 elsewhere. Differentiable by the features.
 */
export function classLosses<T>(low: LowOps<T>, features: T, { rows, width, classes }: ClassSizes): T {
  const products = low.matmulTransposed(features, low.given("rows", [1, classes, width]), 1);
  const scores = low.add(products, low.given("biases", [1, 1, classes]));
  const right = low.sum(low.multiply(low.given("shares", [1, rows, classes]), scores));
  return low.subtract(low.logSumExp(scores), right);
}

import type { Ops } from "../ops/ops";

/**
 * Computes what features S_1..S_J [R, T, H] say at each token against what the guide D says, each the less the more the others say it too:
 *     n_j = S_j / (|S_j| + epsilon),  rho_j = sum_k relu(n_j . n_k),  k over all J with j itself, so that rho_j is about 1 or more
 *     a_j = relu(score(S_j * D)) / rho_j,  w_j = a_j / (sum_k a_k + epsilon)
 *     sum_j w_j S_j + D
 * Where every score is 0 or less, all weights are 0 and the score has no gradient: the token has D alone.
 * For example `antiRedundant(ops, [s1, s2], d, (x) => ops.addBias(ops.matmul(x, v), c), 1e-6)`.
 * @param score [R, T, H] -> [R, T, 1]
 * Source: SHERL, arXiv 2407.07523; Paranioar/SHERL@36b4496. Departs: where a feature is 0 throughout the source divides 0 by 0; here rho_j has
 *   1e-12 more and |S_j|^2 1e-24, which no other feature's float32 shows.
 */
export function antiRedundant<T>(ops: Ops<T>, shallow: readonly T[], guide: T, score: (x: T) => T, epsilon: number): T {
  const unit = shallow.map((s) => ops.multiply(s, inverse(ops, ops.addScalar(lengthOf(ops, s), epsilon))));
  // cos(j, k) is cos(k, j): each once.
  const alike = unit.map((n, j) => unit.slice(0, j + 1).map((m) => ops.relu(ops.sum(ops.multiply(n, m)))));
  const scores = shallow.map((s, j) => {
    const rho = added(
      ops,
      shallow.map((_, k) => (k <= j ? alike[j]![k]! : alike[k]![j]!)),
    );
    return ops.multiply(ops.relu(score(ops.multiply(s, guide))), inverse(ops, ops.addScalar(rho, 1e-12)));
  });
  const share = inverse(ops, ops.addScalar(added(ops, scores), epsilon));
  return added(ops, [...shallow.map((s, j) => ops.multiply(s, ops.multiply(scores[j]!, share))), guide]);
}

/** Computes mean_j S_j + D: the side network of equal weights. */
export function meanOf<T>(ops: Ops<T>, shallow: readonly T[], guide: T): T {
  return ops.add(ops.scale(added(ops, shallow), 1 / shallow.length), guide);
}

function added<T>(ops: Ops<T>, values: readonly T[]): T {
  return values.reduce((sum, value) => ops.add(sum, value));
}

/** |x| over the last axis, 0 of 0: x x / sqrt(x x + 1e-24). */
function lengthOf<T>(ops: Ops<T>, x: T): T {
  const square = ops.sum(ops.multiply(x, x));
  return ops.multiply(square, ops.inverseSqrt(ops.addScalar(square, 1e-24)));
}

/** 1 / x for x > 0: the square of 1 / sqrt(x). */
function inverse<T>(ops: Ops<T>, x: T): T {
  const root = ops.inverseSqrt(x);
  return ops.multiply(root, root);
}

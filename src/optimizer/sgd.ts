import { sameLength } from "../check/check";
import { like } from "../tree/vector";
import type { RuleKind, UpdateRule } from "./rule";
import { checkWeightDecay } from "./weight-decay";

/** What SGD is set by. */
export interface Sgd {
  /** wd, for tensors whose `decay` is true. */
  readonly weightDecay: number;
}

/**
 * Stochastic gradient descent with the weight decay inside the bracket: w <- w - lr (g + wd w), wd = 0 for tensors without decay.
 * Each element is computed in float64 and rounded once.
 * For example `sgd({ weightDecay: 0 }).update(null, point, gradient, { learningRate: 1e-3, layout }).point`.
 * @throws when point, gradient and layout differ in length
 * Source: MeZO, arXiv 2305.17333; yifanycc/AdaZeta@3659ba3. Departs: which tensors decay is in the layout, not in their names.
 */
export function sgd({ weightDecay }: Sgd): UpdateRule<null> {
  return {
    init: () => null,
    update(state, point, gradient, { learningRate, layout, over }) {
      sameLength("point", point.length, layout.size);
      sameLength("gradient", gradient.length, layout.size);
      const next = over?.point ?? like(point);
      sameLength("over", next.length, layout.size);
      for (const { offset, size, decay } of layout.entries) {
        const shrink = decay ? weightDecay : 0;
        for (let i = offset; i < offset + size; i++) {
          next[i] = point[i] - learningRate * (gradient[i] + shrink * point[i]);
        }
      }
      return { point: next, state };
    },
  };
}

/** SGD as a row of the table. */
export const sgdKind: RuleKind<Sgd, null> = {
  check: (what, { weightDecay }) => checkWeightDecay(what, weightDecay),
  rule: sgd,
};

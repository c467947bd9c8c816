import { fail, positiveNumber, sameLength } from "../check/check";
import type { Layout } from "../tree/layout";
import type { RuleKind, UpdateRule } from "./rule";
import { checkWeightDecay } from "./weight-decay";

/** Adam with decoupled weight decay. */
export interface Adamw {
  /** wd, for tensors whose `decay` is true. */
  readonly weightDecay: number;
  /** beta_1 and beta_2, usually 0.9 and 0.999. */
  readonly firstDecay: number;
  readonly secondDecay: number;
  /** Usually 1e-8. */
  readonly epsilon: number;
}

export interface AdamwState {
  /** Steps taken. */
  readonly count: number;
  /** m [d], the running mean of g. */
  readonly first: Float32Array;
  /** v [d], the running mean of g^2. */
  readonly second: Float32Array;
}

/**
 * AdamW:
 *     m <- b1 m + (1 - b1) g,  v <- b2 v + (1 - b2) g^2
 *     w <- (1 - lr wd) w - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)
 * Each element is computed in float64 and rounded once.
 * For example `adamw({ weightDecay: 0, firstDecay: 0.9, secondDecay: 0.999, epsilon: 1e-8 }).init(layout).count`: 0.
 * @throws when point, gradient and layout differ in length
 * Source: Loshchilov and Hutter, arXiv 1711.05101 (the form of torch.optim.AdamW). Departs: which tensors decay is in the layout.
 */
export function adamw({ weightDecay, firstDecay, secondDecay, epsilon }: Adamw): UpdateRule<AdamwState> {
  return {
    init: (layout: Layout) => ({
      count: 0,
      first: new Float32Array(layout.size),
      second: new Float32Array(layout.size),
    }),
    update(state, point, gradient, { learningRate, layout, over }) {
      sameLength("point", point.length, layout.size);
      sameLength("gradient", gradient.length, layout.size);
      if (!state) fail("state", "AdamW's moments", state);
      sameLength("state", state.first.length, layout.size);
      const count = state.count + 1;
      // A state of another rule has no memory to write over.
      const memory = over?.state && [over.point, over.state.first, over.state.second];
      const [next, first, second] = memory ?? [0, 1, 2].map(() => new Float32Array(point.length));
      sameLength("over", next.length, layout.size);
      const [firstBias, secondBias] = [1 - firstDecay ** count, 1 - secondDecay ** count];
      for (const { offset, size, decay } of layout.entries) {
        const keep = 1 - learningRate * (decay ? weightDecay : 0);
        for (let i = offset; i < offset + size; i++) {
          first[i] = firstDecay * state.first[i] + (1 - firstDecay) * gradient[i];
          second[i] = secondDecay * state.second[i] + (1 - secondDecay) * gradient[i] ** 2;
          const scaled = first[i] / firstBias / (Math.sqrt(second[i] / secondBias) + epsilon);
          next[i] = keep * point[i] - learningRate * scaled;
        }
      }
      return { point: next, state: { count, first, second } };
    },
  };
}

/** AdamW as a row of the table. */
export const adamwKind: RuleKind<Adamw, AdamwState> = {
  check(what, spec) {
    for (const name of ["firstDecay", "secondDecay"] as const)
      if (!(spec[name] >= 0 && spec[name] < 1)) fail(`${what}.${name}`, "a number from 0 to below 1", spec[name]);
    positiveNumber(`${what}.epsilon`, spec.epsilon);
    checkWeightDecay(what, spec.weightDecay);
  },
  rule: adamw,
};

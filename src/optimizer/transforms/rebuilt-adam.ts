import { positiveInteger } from "../../check/check";
import { readPast, writtenPast } from "../past";
import type { TransformKind } from "../transform";
import { adam, type Adam } from "./adam";

/** What rebuilt moments are set by. */
export interface RebuiltAdam extends Adam {
  /** h: steps that the moments go back, this one among them. */
  readonly horizon: number;
}

/**
 * Adam whose moments are not carried but made again at each step, from the numbers and the directions of the last h steps:
 *     m = sum_k b1^k g_(t-k) / sum_k b1^k,  v = sum_k b2^k g_(t-k)^2 / sum_k b2^k,  k < min(h, t);  g <- m / (sqrt(v) + epsilon)
 * Up to step h it is Adam with its correction for the first steps. What it carries is h (Q + 3) numbers, in float32; each step draws h Q directions
 * and works in the memory of two vectors [d].
 * Source: AdaMeZO, arXiv 2605.00650, by its abstract and a secondary text (sums without a correction, epsilon in the root: from step h on a
 *   constant factor of the rate). Departs: Adam's correction and its place of epsilon; directions are drawn whole, not block by block.
 */
export const rebuiltAdam: TransformKind<RebuiltAdam> = {
  check(what, spec) {
    adam.check(what, spec);
    positiveInteger(`${what}.horizon`, spec.horizon);
  },
  again: true,
  form({ firstDecay, secondDecay, epsilon, horizon }, { state, step, layout }, { weights, direction, earlier }, out) {
    const now = { step, numbers: weights.map(Math.fround) };
    const past = [now, ...readPast(state.vectors["past"])].slice(0, horizon);
    const [each, second] = [new Float32Array(layout.size), new Float32Array(layout.size)];
    const first = out.fill(0);
    let [firstSum, secondSum] = [0, 0];
    for (const { step: then, numbers } of [...past].reverse()) {
      each.fill(0);
      numbers.forEach((weight, query) =>
        (then === step ? direction(query) : earlier(then, query)).addInPlace(each, weight),
      );
      for (let i = 0; i < each.length; i++) {
        first[i] = firstDecay * first[i] + each[i];
        second[i] = secondDecay * second[i] + each[i] ** 2;
      }
      [firstSum, secondSum] = [firstDecay * firstSum + 1, secondDecay * secondSum + 1];
    }
    for (let i = 0; i < first.length; i++)
      first[i] = first[i] / firstSum / (Math.sqrt(second[i] / secondSum) + epsilon);
    return { past: writtenPast(past) };
  },
};

import { fail } from "../check/check";

/**
 * Scales that a fit may give. Below, prototypes that tell nothing would leave scores, and with them every gradient, near zero, and
 * training could not begin; above, texts that happen to be told apart without an error would ask for an infinite one.
 */
export const SCALE_RANGE = { low: 5, high: 100 } as const;

/**
 * Gives the scale s at which scores s * cosine have the lowest mean cross-entropy: the prototypes' inverse temperature. The loss is convex in
 * s, so that bisection on its slope
 *     dL/ds = mean_i (sum_c p_ic cos_ic - cos_i,label),  p_i = softmax(s cos_i)
 * finds it, to the last bits. Outside `SCALE_RANGE` the nearer end is taken.
 * @param cosines [n, C] of labelled texts that had no part in the prototypes (`leaveOneOutCosines`)
 * @throws when a label is no class
 * @example fitScale(new Float64Array([0.1, 0, 0.1, 0, 0.1, 0, 0, 0.1]), [0, 0, 0, 0], 2) // 10.986, log(3) / 0.1: three of four are right
 */
export function fitScale(cosines: Float64Array, labels: readonly number[], classes: number): number {
  const slope = (scale: number): number => {
    let total = 0;
    labels.forEach((label, i) => {
      const row = cosines.subarray(i * classes, (i + 1) * classes);
      const largest = Math.max(...row);
      let [sum, mean] = [0, 0];
      for (const cosine of row) {
        const weight = Math.exp(scale * (cosine - largest));
        sum += weight;
        mean += weight * cosine;
      }
      total += mean / sum - (row[label] ?? fail(`labels[${i}]`, `a class in 0..${classes - 1}`, label));
    });
    return total;
  };
  let { low, high }: { low: number; high: number } = SCALE_RANGE;
  if (!(slope(low) < 0)) return low;
  if (!(slope(high) > 0)) return high;
  for (let middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2)
    if (slope(middle) > 0) high = middle;
    else low = middle;
  return low;
}

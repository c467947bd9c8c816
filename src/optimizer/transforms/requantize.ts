import { checkBits, fail } from "../../check/check";
import { largestOf, roundedByChance } from "../../estimator/directions/quantized";
import { uniformNoise, type Noise } from "../../estimator/noise";
import type { TransformKind } from "../transform";

/** How coarse weights are kept. */
export interface Requantize {
  /** Of each number, 2 to 16. */
  readonly bits: number;
  /** As the reference code has it: the range is shifted by half the largest weight, so that large negative weights are clipped. */
  readonly shifted?: true;
}

/**
 * After the step weights are rounded to a few bits: of each tensor to whole multiples of 1 / s, by chance and right on average, from -n to n - 1
 * of them, n = 2^(bits - 1), s the largest power of two with s max |w| <= n.
 * Source: QuZO, arXiv 2502.12346; jmha02/QuZO@2ae9fc4. Departs: symmetric, as it is called there; `shifted` is what runs there.
 */
export const requantize = requantizeFrom(uniformNoise);

/** Makes the kind with uniform numbers of one's own, asked for as "settling" [step]. */
export function requantizeFrom(uniform: Noise): TransformKind<Requantize> {
  return {
    check(what, spec) {
      checkBits(`${what}.bits`, spec.bits);
      if ("shifted" in spec && spec.shifted !== true) fail(`${what}.shifted`, "true, or absent", spec.shifted);
    },
    settle({ bits, shifted }, { seed, step, layout }, point) {
      const chance = uniform(new Float32Array(layout.size), seed, "settling", step);
      const most = 2 ** (bits - 1);
      for (const { offset, size } of layout.entries) {
        const weights = point.subarray(offset, offset + size);
        const largest = largestOf(weights);
        if (largest === 0) continue;
        const scale = 2 ** Math.floor(Math.log2(most / largest));
        const zero = shifted ? Math.floor((-scale * largest) / 2) : 0;
        for (let i = 0; i < size; i++) {
          const level = roundedByChance(weights[i] * scale, chance[offset + i]) + zero;
          weights[i] = (Math.min(Math.max(level, -most), most - 1) - zero) / scale;
        }
      }
    },
  };
}

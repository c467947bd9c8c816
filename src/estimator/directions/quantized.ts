import { checkBits } from "../../check/check";
import { drawStored, type DirectionKind, type Draw, type Here } from "../direction";
import { seededNoise, uniformNoise, type Noise } from "../noise";

/** How coarse directions are. */
export interface Quantized {
  /** Of each number, 2 to 16. */
  readonly bits: number;
}

/**
 * Standard normals rounded to a few bits: of each tensor floor(s z) or the number above it, by chance and right on average, over s =
 * 2^(bits - 1) / max |z|, at most max |z|. Losses are measured along one rounding, the update is made of another one of the same z, independent of it.
 * Source: QuZO, arXiv 2502.12346; jmha02/QuZO@2ae9fc4. Departs: the two roundings are two, as in the paper (there they come from one seed and
 *   are the same), and 2 bits are rounded as more are.
 */
export const quantized = quantizedFrom(seededNoise, uniformNoise);

/** Makes the kind with noise of one's own: z is asked for as "direction" [step, query], uniform numbers as "rounding" [step, query, 0 or 1]. */
export function quantizedFrom(noise: Noise, uniform: Noise): DirectionKind<Quantized> {
  const draw = ({ bits }: Quantized, { seed, step, layout }: Here, which: 0 | 1): Draw =>
    drawStored((query, out) => {
      noise(out, seed, "direction", step, query);
      const chance = uniform(new Float32Array(out.length), seed, "rounding", step, query, which);
      for (const { offset, size } of layout.entries) {
        const z = out.subarray(offset, offset + size);
        const [most, largest] = [2 ** (bits - 1), largestOf(z)];
        for (let i = 0; i < size; i++) {
          // In this order the largest number stands on its level exactly.
          const level = roundedByChance((z[i] / largest) * most, chance[offset + i]);
          z[i] = (Math.min(level, most) / most) * largest;
        }
      }
    });
  return {
    check: (what, { bits }) => void checkBits(`${what}.bits`, bits),
    again: true,
    open: (spec, here) => draw(spec, here, 0),
    formed: (spec, here) => draw(spec, here, 1),
  };
}

/** Gives the whole number below, or the one above with a chance of what is left, so that the mean is the number itself. @param chance uniform from 0 to below 1 */
export function roundedByChance(value: number, chance: number): number {
  const below = Math.floor(value);
  return below + (chance < value - below ? 1 : 0);
}

/** Gives max |x|. @example largestOf(Float32Array.of(1, -2)) // 2 */
export function largestOf(x: Float32Array): number {
  let most = 0;
  for (const value of x) most = Math.max(most, Math.abs(value));
  return most;
}

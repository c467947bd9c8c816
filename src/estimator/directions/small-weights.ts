import { sameLength } from "../../check/check";
import type { Layout } from "../../tree/layout";
import { drawStored, type DirectionKind, type Here } from "../direction";
import { seededNoise, type Noise } from "../noise";
import { checkKeep } from "./random-mask";

/** Share of each tensor's numbers that is small at the start. */
export interface SmallWeights {
  readonly keep: number;
}

/**
 * Standard normals where a weight is small, else 0: m z with m_i = 1 where |theta_i| <= h. h of a tensor is the magnitude that the smallest
 * `keep` of its numbers had before the first step, and stays; m follows theta, the point between the two that are measured.
 * A tensor without small numbers of its own, one that begins with so many zeros that h is 0 (LoRA's B) or whose numbers are all of one size, is
 * moved as a whole: h would shut it after its first step.
 * What it carries: h, a number a tensor.
 * Source: Sparse-MeZO, arXiv 2402.15751 (threshold a layer, mask from the weights that are not perturbed); |theta| and not theta: a secondary
 *   text on it. Its code was not found. Departs: a threshold a tensor; tensors without small numbers; with biases as with matrices.
 */
export const smallWeights = smallWeightsFrom(seededNoise);

/** Makes the kind with noise of one's own: z is asked for as [step, query]. */
export function smallWeightsFrom(noise: Noise): DirectionKind<SmallWeights> {
  return {
    check: (what, { keep }) => checkKeep(what, keep),
    begin: ({ keep }, { state, layout, point }) =>
      "threshold" in state.vectors ? state.vectors : { threshold: thresholdsOf(keep, layout, point) },
    open: (_spec, here) =>
      drawStored((query, out) => {
        noise(out, here.seed, "direction", here.step, query);
        zeroLarge(out, here);
      }),
  };
}

/** h of each tensor; Infinity where it would tell nothing small from large. */
function thresholdsOf(keep: number, layout: Layout, point: Float32Array): Float32Array {
  sameLength("point", point.length, layout.size);
  return Float32Array.from(layout.entries, ({ offset, size }) => {
    const magnitudes = point
      .slice(offset, offset + size)
      .map(Math.abs)
      .sort();
    const threshold = magnitudes[Math.ceil(keep * size) - 1];
    return threshold > 0 && threshold < magnitudes[size - 1] ? threshold : Infinity;
  });
}

function zeroLarge(out: Float32Array, { layout, point, state }: Here): void {
  const { threshold } = state.vectors;
  layout.entries.forEach(({ offset, size }, tensor) => {
    const most = threshold[tensor];
    if (most === Infinity) return;
    for (let i = offset; i < offset + size; i++) if (Math.abs(point[i]) > most) out[i] = 0;
  });
}

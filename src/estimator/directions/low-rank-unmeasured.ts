import type { DirectionKind } from "../direction";
import { seededNoise, type Noise } from "../noise";
import { drawLowRank, lowRankFrom, type LowRank } from "./low-rank";

/**
 * Low-rank directions as LOZO's reference code has them: in a step that redraws the right factors, it moves along left factors and vectors that
 * are drawn anew, a direction that was never measured. One step in nu is noise; with nu = 1 all of them are.
 * Source: optsuite/LOZO@5d1ade5, large_models/LOZOtrainer.py (perturb draws V before U, update draws U alone, from the same seed).
 */
export const lowRankUnmeasured = lowRankUnmeasuredFrom(seededNoise);

/** Makes the kind with noise of one's own. */
export function lowRankUnmeasuredFrom(noise: Noise): DirectionKind<LowRank> {
  return {
    ...lowRankFrom(noise),
    formed: (spec, here) => drawLowRank(noise, spec, here, here.step % spec.redraw === 0 ? "unmeasured" : "left"),
  };
}

import type { DirectionKind } from "../direction";
import { checkLowRank, drawLowRank, fitsRank, lowRank, type LowRank } from "./low-rank";

/**
 * Low-rank directions as LOZO's reference code has them: in a step that redraws the right factors, it moves along left factors and vectors that
 * are drawn anew, a direction that was never measured. One step in nu is noise; with nu = 1 all of them are.
 * Source: optsuite/LOZO@5d1ade5, large_models/LOZOtrainer.py (perturb draws V before U, update draws U alone, from the same seed).
 */
export const lowRankUnmeasured: DirectionKind<LowRank> = {
  check: checkLowRank,
  fits: (what, { rank }, layout) => fitsRank(what, rank, layout),
  open: lowRank.open,
  formed: (spec, here) => drawLowRank(spec, here, here.step % spec.redraw === 0 ? "unmeasured" : "left"),
  basis: lowRank.basis!,
};

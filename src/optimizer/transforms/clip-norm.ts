import { positiveNumber } from "../../check/check";
import type { TransformKind } from "../transform";

/** What gradients are clipped at. */
export interface ClipNorm {
  /** The longest gradient that stays as it is. */
  readonly norm: number;
}

/**
 * g <- g min(1, norm / (|g| + 1e-6)), |g| over all tensors.
 * Source: OpenLMLab/LOMO@45d4bac, lomo_optim/lomo.py (`clip_grad_norm`, a backward pass of its own there, since it never holds all of g).
 */
export const clipNorm: TransformKind<ClipNorm> = {
  check: (what, spec) => void positiveNumber(`${what}.norm`, spec.norm),
  first: true,
  open(spec, { lengthOf }) {
    const by = Math.min(1, spec.norm / (lengthOf() + 1e-6));
    if (by === 1) return null;
    return ({ update }) => {
      for (let k = 0; k < update.length; k++) update[k] *= by;
    };
  },
};

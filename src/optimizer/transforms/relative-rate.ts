import { positiveNumber } from "../../check/check";
import type { TransformKind } from "../transform";

/** What a relative rate is set by. */
export interface RelativeRate {
  /** e2: the least factor, for tensors that begin at 0. */
  readonly least: number;
}

/**
 * g <- max(e2, RMS(theta of the tensor)) g: a learning rate that is a share of each tensor's own size.
 * Source: AdaLomo, arXiv 2310.10195; OpenLMLab/LOMO@45d4bac, lomo_optim/adalomo.py.
 */
export const relativeRate: TransformKind<RelativeRate> = {
  check: (what, { least }) => void positiveNumber(`${what}.least`, least),
  whole: true,
  open:
    ({ least }, { point }) =>
    ({ begin, update }) => {
      let squares = 0;
      for (let k = 0, i = begin; k < update.length; k++, i++) squares += point[i] * point[i];
      const by = Math.max(least, Math.sqrt(squares / update.length));
      for (let k = 0; k < update.length; k++) update[k] *= by;
    },
};

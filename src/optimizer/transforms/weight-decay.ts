import { fail, finiteNumber } from "../../check/check";
import type { TransformKind } from "../transform";

/** How strongly weights decay. */
export interface WeightDecay {
  /** wd, for tensors whose `decay` is true. */
  readonly weightDecay: number;
}

/**
 * g <- g + wd theta: weight decay inside the bracket, so that the learning rate scales it and what comes after in the chain sees it.
 * Source: MeZO, arXiv 2305.17333; yifanycc/AdaZeta@3659ba3. Departs: which tensors decay is in the layout, not in their names.
 */
export const weightDecay: TransformKind<WeightDecay> = {
  check: (what, spec) => checkWeightDecay(what, spec),
  open({ weightDecay: strength }, { point }) {
    if (strength === 0) return null;
    return ({ entry, begin, update }) => {
      if (!entry.decay) return;
      for (let k = 0, i = begin; k < update.length; k++, i++) update[k] += strength * point[i];
    };
  },
};

/** theta <- (1 - lr wd) theta - lr g: weight decay beside the gradient (AdamW's). Source: Loshchilov and Hutter, arXiv 1711.05101. */
export const decoupledWeightDecay: TransformKind<WeightDecay> = {
  check: (what, spec) => checkWeightDecay(what, spec),
  open({ weightDecay: strength }, { learningRate }) {
    if (strength === 0) return null;
    return (piece) => {
      if (piece.entry.decay) piece.keep -= learningRate * strength;
    };
  },
};

function checkWeightDecay(what: string, { weightDecay: strength }: WeightDecay): void {
  if (finiteNumber(`${what}.weightDecay`, strength) < 0) fail(`${what}.weightDecay`, "at least 0", strength);
}

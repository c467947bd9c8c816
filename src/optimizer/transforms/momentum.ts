import { numberBelowOne } from "../../check/check";
import type { TransformKind } from "../transform";

/** What momentum is set by. */
export interface Momentum {
  /** mu, usually 0.9. */
  readonly decay: number;
}

/**
 * b <- mu b + g, b = g in the first step; g <- b. A constant gradient comes out 1 / (1 - mu) times as long.
 * Source: torch.optim.SGD without dampening, as ZO-Bench/ZO-LLM@bf210fa and zimingyy/SubZero@cf6effd use it.
 */
export const momentum: TransformKind<Momentum> = {
  check: (what, { decay }) => checkDecay(what, decay),
  vectors: (_spec, { size }) => ({ mean: size }),
  open({ decay }, { state, next }) {
    const { mean } = state.vectors;
    const { mean: nextMean } = next;
    return ({ begin, update }) => {
      for (let k = 0, i = begin; k < update.length; k++, i++) update[k] = nextMean[i] = decay * mean[i] + update[k];
    };
  },
};

/** Checks a decay that came from outside. @throws when it is no number from 0 to below 1 */
export function checkDecay(what: string, decay: number): void {
  numberBelowOne(`${what}.decay`, decay);
}

import type { AdapterSpec } from "../adapter/adapter";
import { firstOrder } from "../optimizer/recipes";
import { accumulating } from "../optimizer/recipes/accumulating";
import type { ArmRow, TrainedRow } from "./arm-row";

/** p, the source's. */
const DROPPING = 0.2;
/** m: the source's 0.999 is made for thousands of steps, its 0.9 for few; these runs take about a hundred. */
const MOMENTUM = 0.95;

/**
 * What is compared out of domain: all weights by AdamW, whose points between start and end are WiSE-FT's, linear adapters by AdamW, and R-Adapter's parts
 * on them: dropping, a running mean of points, both, and both with its contrast (which is its problem's: `ProblemOptions.contrast`). Each scales
 * its change afterwards.
 * Source: R-Adapter, arXiv 2408.05749; WiSE-FT, arXiv 2109.01903. Departs: m = 0.95 for short runs, no warm-up, no cosine.
 */
export const robustRows = [
  {
    id: "robust-all-weights",
    title: "All weights",
    adapter: (): AdapterSpec => ({ kind: "full", layers: "all" }),
    method: ({ learningRate }) => firstOrder({ learningRate }),
  },
  linear("linear-plain", "Linear adapter", {}),
  linear("linear-dropping", "Linear, dropping", { dropping: DROPPING }),
  linear("linear-accumulation", "Linear, running mean", { momentum: MOMENTUM }),
  linear("r-adapter", "R-Adapter", { dropping: DROPPING, momentum: MOMENTUM }),
  linear("r-adapter-contrast", "R-Adapter, contrast", { dropping: DROPPING, momentum: MOMENTUM }),
] as const satisfies readonly ArmRow[];

function linear<Id extends string>(
  id: Id,
  title: string,
  { dropping, momentum }: { readonly dropping?: number; readonly momentum?: number },
): TrainedRow & { readonly id: Id } {
  return {
    id,
    title,
    adapter: () => ({ kind: "linear", placement: "roberta", rank: "full" }),
    method: ({ learningRate }) => {
      const method = firstOrder({ learningRate });
      return momentum === undefined ? method : accumulating(method, momentum);
    },
    ...(dropping !== undefined && { dropping }),
  };
}

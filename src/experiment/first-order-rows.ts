import type { AdapterSpec } from "../adapter/adapter";
import type { Method } from "../optimizer/method";
import { adalomo, firstOrder, lomo } from "../optimizer/recipes";
import type { ArmRow, TrainedRow } from "./arm-row";

/**
 * Exact gradients of all of the model's weights: LOMO as it was published, clipped at length 1, and AdaLomo, which need little or no state; SGD and
 * AdamW beside them. None decays weights.
 * Source: as each recipe says; the clipping is LOMO's published run's.
 */
export const firstOrderRows = [
  whole("sgd-all-weights", "SGD, all weights", (learningRate) => firstOrder({ rule: "sgd", learningRate })),
  whole("lomo-all-weights", "LOMO, all weights", (learningRate) => lomo({ learningRate, clipNorm: 1 })),
  whole("adalomo-all-weights", "AdaLomo, all weights", (learningRate) => adalomo({ learningRate })),
  whole("adamw-all-weights", "AdamW, all weights", (learningRate) => firstOrder({ rule: "adamw", learningRate })),
] as const satisfies readonly ArmRow[];

function whole<Id extends string>(
  id: Id,
  title: string,
  method: (learningRate: number) => Method,
): TrainedRow & { readonly id: Id } {
  const adapter = (): AdapterSpec => ({ kind: "full", layers: "all" });
  return { id, title, adapter, method: ({ learningRate }) => method(learningRate) };
}

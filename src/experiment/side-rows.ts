import type { AdapterSpec, SideSpec } from "../adapter/adapter";
import { fail } from "../check/check";
import type { Method } from "../optimizer/method";
import { firstOrder, mezo } from "../optimizer/recipes";
import { bottleneck } from "./arm-parts";
import type { ArmRow, RowSettings, TrainedRow } from "./arm-row";

/** Steps of MeZO for one by a gradient: a step of it is two passes through the side network and one layer. */
const LOSS_STEPS = 4;

/**
 * How far back a gradient goes: through every layer (bottlenecks in each), through the last one alone (its own weights, or a side network in front of
 * it), by AdamW. SHERL, and the same network without its weights against redundancy, which is what ladder side tuning comes to here.
 * MeZO on SHERL's network, begun at the model as it is, is ours.
 * Source: SHERL, arXiv 2407.07523; ladder side tuning, arXiv 2206.06522 (second-hand: a sum of down-projected hidden states).
 */
export const sideRows = [
  byAdamW("adamw-bottleneck", "bottlenecks in every layer", bottleneck),
  byAdamW("adamw-last-layer", "last layer alone", ({ layers }) => ({
    kind: "full",
    layers: { from: (layers ?? fail("settings.layers", "the number of the model's layers", "none")) - 1 },
  })),
  byAdamW("side-mean", "side network, equal weights", (settings) => sideOf(settings, "mean")),
  byAdamW("sherl", "SHERL", (settings) => sideOf(settings, "anti-redundancy")),
  {
    id: "mezo-sherl",
    title: "SHERL's network by MeZO",
    // Begun where the model is unchanged: what a closed skip takes away, losses alone do not bring back in so many steps.
    adapter: (settings) => ({ ...sideOf(settings, "anti-redundancy"), skip: "whole" }),
    method: ({ common }) => mezo(common),
    budget: ({ steps }) => ({ kind: "steps", steps: LOSS_STEPS * steps }),
    evaluateFactor: LOSS_STEPS,
  },
] as const satisfies readonly ArmRow[];

function byAdamW<Id extends string>(
  id: Id,
  title: string,
  adapter: (settings: RowSettings) => AdapterSpec,
): TrainedRow & { readonly id: Id } {
  return { id, title, adapter, method: ({ learningRate }): Method => firstOrder({ learningRate }) };
}

function sideOf({ side }: RowSettings, aggregation: SideSpec["aggregation"]): SideSpec {
  return { ...(side ?? fail("settings.side", "a side network", "none")), kind: "side", aggregation };
}

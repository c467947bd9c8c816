import type { AdapterSpec } from "../adapter/adapter";
import { fail } from "../check/check";
import type { Method } from "../optimizer/method";
import { adazeta, mezo } from "../optimizer/recipes";
import type { Budget } from "../train/settings";
import type { RowSettings, TrainedRow } from "./arm-row";

/** Gives what a row trains: the settings' tensor train, their LoRA, or their dense bottleneck. */
export const tensorTrain = (settings: RowSettings): AdapterSpec => settings.tensorTrain;
export const lora = (settings: RowSettings): AdapterSpec => settings.lora;
export const bottleneck = (settings: RowSettings): AdapterSpec =>
  settings.bottleneck ?? fail("settings.bottleneck", "an adapter of this kind", "none");

/** Gives the small core between frozen factors: LoRA-XS of rank 8 on queries and values. */
export const smallCore = (): AdapterSpec => ({ kind: "lora-xs", rank: 8, alpha: 16, targets: ["query", "value"] });

/** Gives MeZO with one query. */
export const oneQuery = ({ common }: RowSettings): Method => mezo(common);

/** Gives AdaZeta: as many queries as the settings' schedule asks for. */
export function scheduled({ common, schedule: { multiplier, exponent, cap } }: RowSettings): Method {
  return adazeta({ ...common, multiplier, exponent, cap });
}

/** Gives MeZO with the schedule's mean number of queries, rounded. */
export function meanQueries({ common, scheduledPasses, steps }: RowSettings): Method {
  return mezo({ ...common, queries: Math.max(1, Math.round(scheduledPasses / (2 * Math.max(steps, 1)))) });
}

/** Gives the budget of arms that are compared at equal forward passes. */
export function scheduledPasses({ scheduledPasses: forwardPasses }: RowSettings): Budget {
  return { kind: "forward-passes", forwardPasses };
}

/** Makes a row that is compared at equal forward passes. For example `passesRow("xs-one", "LoRA-XS, one query", smallCore, oneQuery).id`: "xs-one". */
export function passesRow<Id extends string>(
  id: Id,
  title: string,
  adapter: TrainedRow["adapter"],
  method: TrainedRow["method"],
): TrainedRow & { readonly id: Id } {
  return { id, title, adapter, method, budget: scheduledPasses };
}

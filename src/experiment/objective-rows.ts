import type { AdapterSpec } from "../adapter/adapter";
import { checkMethod } from "../optimizer/method";
import type { Method } from "../optimizer/method";
import { eggroll } from "../optimizer/recipes/eggroll";
import { scheduledPasses } from "./arm-parts";
import type { ArmRow, RowSettings, TrainedRow } from "./arm-row";

const xs = (): AdapterSpec => ({ kind: "lora-xs", rank: 8, alpha: 16, targets: ["query", "value"] });

/**
 * What is compared where there is no derivative, a metric or a reward: the small core that was searched for with exact derivatives, by losses alone
 * (`xs-one`), and here by a population of four pairs whose fitness is shaped. A core has few numbers, so its directions are normals, as the search has them.
 * Source: ours, of the parts' own sources.
 */
export const objectiveRows = [
  row("xs-population", "LoRA-XS, population", xs, (settings) => population(settings)),
  row("xs-groups", "LoRA-XS, population in groups", xs, (settings) => population(settings, "z-score")),
] as const satisfies readonly ArmRow[];

function row<Id extends string>(
  id: Id,
  title: string,
  adapter: TrainedRow["adapter"],
  method: TrainedRow["method"],
): TrainedRow & { readonly id: Id } {
  return { id, title, adapter, method, budget: scheduledPasses };
}

function population({ common }: RowSettings, groups?: "z-score"): Method {
  const { learningRate, perturbationScale, weightDecay } = common;
  const made = eggroll({ learningRate, perturbationScale, weightDecay, ...(groups && { groups }) });
  return checkMethod({ ...made, directions: { kind: "gaussian" } });
}

import { checkMethod } from "../optimizer/method";
import type { Method } from "../optimizer/method";
import { eggroll } from "../optimizer/recipes/eggroll";
import { passesRow, smallCore } from "./arm-parts";
import type { ArmRow, RowSettings } from "./arm-row";

/**
 * What is compared where there is no derivative, a metric or a reward: the small core that was searched for with exact derivatives, by losses alone
 * (`xs-one`), and here by a population of four pairs whose fitness is shaped. A core has few numbers, so its directions are normals, as the search has them.
 * Source: ours, of the parts' own sources.
 */
export const objectiveRows = [
  passesRow("xs-population", "LoRA-XS, population", smallCore, (settings) => population(settings)),
  passesRow("xs-groups", "LoRA-XS, population in groups", smallCore, (settings) => population(settings, "z-score")),
] as const satisfies readonly ArmRow[];

function population({ common }: RowSettings, groups?: "z-score"): Method {
  const { learningRate, perturbationScale, weightDecay } = common;
  const made = eggroll({ learningRate, perturbationScale, weightDecay, ...(groups && { groups }) });
  return checkMethod({ ...made, directions: { kind: "gaussian" } });
}

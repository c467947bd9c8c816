import { unreachable } from "../check/check";
import type { Site } from "../model/model";
import type { Adapter, AdapterSpec } from "./adapter";
import { bottleneck } from "./bottleneck";
import { lora } from "./lora";
import { noAdapter } from "./none";
import { tensorTrain } from "./tensor-train";

/**
 * The adapter that a specification describes, on a model's sites. Needs no weights: counts come from a description alone.
 * @example makeAdapter({ kind: "lora", rank: 8, alpha: 16, targets: ["query", "value"] }, model.sites).layout.size
 * @throws when the specification does not fit the sites
 */
export function makeAdapter(spec: AdapterSpec, sites: readonly Site[]): Adapter {
  switch (spec.kind) {
    case "tensor-train":
      return tensorTrain(spec, sites);
    case "bottleneck":
      return bottleneck(spec, sites);
    case "lora":
      return lora(spec, sites);
    case "none":
      return noAdapter(spec);
    default:
      return unreachable(spec);
  }
}

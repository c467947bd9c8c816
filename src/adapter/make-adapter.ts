import { fail, unreachable } from "../check/check";
import type { Site } from "../ops/site";
import type { Adaptable, Adapter, AdapterSpec } from "./adapter";
import { bottleneck } from "./bottleneck";
import { full } from "./full";
import { linearAdapter } from "./linear";
import { lora } from "./lora";
import { loraXs } from "./lora-xs";
import { noAdapter } from "./none";
import { prefix } from "./prefix";
import { side } from "./side";
import { checkSpecFields } from "./spec-fields";
import { tensorTrain } from "./tensor-train";
import { trainCore } from "./train-core";
import { trainLora } from "./train-lora";

/**
 * Gives the adapter that a specification describes, on a model, or on its sites alone where it does not train the model's own weights.
 * Reads no weights, so that counts come from a description alone.
 * For example `makeAdapter({ kind: "lora", rank: 8, alpha: 16, targets: ["query", "value"] }, model).layout.size`.
 * @throws when the specification has a field that its kind has not, or does not fit the sites
 */
export function makeAdapter(spec: AdapterSpec, target: Adaptable | readonly Site[]): Adapter {
  checkSpecFields(spec);
  const sites = "forward" in target ? target.sites : target;
  switch (spec.kind) {
    case "tensor-train":
      return tensorTrain(spec, sites);
    case "bottleneck":
      return bottleneck(spec, sites);
    case "lora":
      return lora(spec, sites, "forward" in target ? target : undefined);
    case "lora-xs":
      return loraXs(spec, sites, "forward" in target ? target : undefined);
    case "tt-lora":
      return trainLora(spec, sites);
    case "tt-core":
      return trainCore(spec, sites, "forward" in target ? target : undefined);
    case "linear":
      return linearAdapter(spec, sites);
    case "prefix":
      return prefix(spec, sites);
    case "side":
      return side(spec, sites);
    case "full":
      return full(spec, "forward" in target ? target : fail("full", "a model, not its sites alone", "sites"));
    case "none":
      return noAdapter(spec);
    default:
      return unreachable(spec);
  }
}

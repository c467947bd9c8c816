import { siteLayers, siteMatrices } from "../adapter/site-weights";
import { addedMaps, foldedAfter, foldedBefore } from "../adapter/folded-map";
import type { AdapterSpec, FullSpec, LinearAdapterSpec } from "../adapter/adapter";
import { fail, sameLength } from "../check/check";
import type { SavedAdapter } from "./adapter-file";
import { isLinear } from "./as-lora";
import type { LinearSpec } from "./as-lora";
import { loraPairs, requireBase } from "./lora-pairs";
import type { LoraModel } from "./lora-pairs";

/** What tuning made of one of a model's weights: from its frozen values, row by row as Hugging Face has them, the tuned ones. */
export type Change = (frozen: Float32Array) => Float32Array;

/** Why an adapter of each kind that is not merged cannot be. */
const UNMERGED: Readonly<Record<Exclude<AdapterSpec, LinearSpec | LinearAdapterSpec | FullSpec>["kind"], string>> = {
  "tensor-train": "a tensor train has a ReLU between its halves: no change of the model's matrices computes it",
  bottleneck: "a bottleneck has an activation between its halves: no change of the model's matrices computes it",
  prefix: "a prefix is keys and values in front of a text: no change of the model's matrices computes it",
  side: "a side network computes what the last layer takes: no change of the model's matrices computes it",
  none: "without an adapter nothing was tuned",
};

/**
 * Gives the weights that tuning changed, by their names: of a LoRA, or an adapter that is one, W + (alpha / rank) B A, summed in float64 and rounded once to fp32;
 * of linear adapters (I + s F) W and (I + s F) b (`foldedAfter`), or W (I + s F) where they sit on what goes in; of full-parameter training the tuned
 * weights themselves.
 * For example `mergedWeights(adapter, model).get("model.layers.0.self_attn.q_proj.weight")?.(frozen)`.
 * @throws when the adapter cannot be merged (saying why), has a trained head of some tokens alone, or was tuned on another model
 */
export function mergedWeights(adapter: SavedAdapter, model: LoraModel): ReadonlyMap<string, Change> {
  const { spec, layout, point, modelId } = adapter;
  if (isLinear(spec)) {
    const weights = siteMatrices(model);
    const { pairs, spec: made } = loraPairs(adapter, model, "a merged model");
    const factor = made.alpha / made.rank;
    return new Map(
      pairs.map(({ site, rank, inputs, outputs, a, b }) => [
        weights.get(site)?.name ?? fail(`site ${site}`, "a weight of the model", "none"),
        (frozen) => {
          sameLength(site, frozen.length, outputs * inputs);
          return added(frozen, factor, a, b, [outputs, rank, inputs]);
        },
      ]),
    );
  }
  if (spec.kind === "linear") {
    requireBase(modelId, model);
    return linearChanges({ ...adapter, spec }, model);
  }
  if (spec.kind !== "full")
    return fail(
      "adapter",
      `a LoRA, a linear adapter or full-parameter training (${UNMERGED[spec.kind]}; saveAdapter keeps it, saveRunAsOnnx writes its classifier)`,
      spec.kind,
    );
  requireBase(modelId, model);
  sameLength("point", point.length, layout.size);
  return new Map(
    layout.entries.map(({ name, shape, offset, size }) => {
      const { stored, skipped } = placeOf(name);
      const change: Change = (frozen) => {
        sameLength(name, frozen.length, size + skipped * (shape[1] ?? 1));
        const whole = frozen.slice();
        whole.set(point.subarray(offset, offset + size), frozen.length - size);
        return whole;
      };
      return [stored, change];
    }),
  );
}

/** The layers that linear maps go into. */
function linearChanges(
  { spec, layout, point }: SavedAdapter & { readonly spec: LinearAdapterSpec },
  model: LoraModel,
): ReadonlyMap<string, Change> {
  const layers = siteLayers(model);
  const changes = new Map<string, Change>();
  const change = (name: string, size: number, made: (frozen: ArrayLike<number>) => Float64Array): void => {
    changes.set(name, (frozen) => {
      sameLength(name, frozen.length, size);
      return Float32Array.from(made(frozen));
    });
  };
  for (const { site, on, width, map } of addedMaps(spec, model.sites, layout, point)) {
    const { weight, bias } = layers.get(site) ?? fail(`site ${site}`, "a layer of the model", "none");
    const [outputs, inputs] = weight.shape;
    if (on === "input") change(weight.name, outputs * inputs, (frozen) => foldedBefore(map, frozen));
    else {
      change(weight.name, outputs * inputs, (frozen) => foldedAfter(map, frozen, inputs));
      if (bias !== null) change(bias.name, width, (frozen) => foldedAfter(map, frozen, 1));
    }
  }
  return changes;
}

/** A weight that is the rows of a stored tensor from one on is called "name[2:]"; the rows before it stay. */
function placeOf(name: string): { readonly stored: string; readonly skipped: number } {
  const [, stored = name, skipped = "0"] = /^(.*)\[(\d+):\]$/.exec(name) ?? [];
  return { stored, skipped: Number(skipped) };
}

/** W + factor B A. */
function added(
  frozen: Float32Array,
  factor: number,
  a: Float32Array,
  b: Float32Array,
  [outputs, rank, inputs]: readonly [number, number, number],
): Float32Array {
  const merged = new Float32Array(frozen.length);
  const row = new Float64Array(inputs);
  for (let i = 0; i < outputs; i++) {
    for (let j = 0; j < inputs; j++) row[j] = frozen[i * inputs + j]!;
    for (let k = 0; k < rank; k++) {
      const weight = factor * b[i * rank + k]!;
      for (let j = 0; j < inputs; j++) row[j]! += weight * a[k * inputs + j]!;
    }
    merged.set(row, i * inputs);
  }
  return merged;
}

import type { Adaptable, AdapterSpec, LoraSpec } from "../adapter/adapter";
import { chooseSites, inLayers } from "../adapter/choose-sites";
import { lora } from "../adapter/lora";
import { factorsAt } from "../adapter/frozen-core";
import type { FrozenSides } from "../adapter/frozen-core";
import { vectorSides } from "../adapter/lora-xs";
import { siteMatrices } from "../adapter/site-weights";
import { trainSides } from "../adapter/train-core";
import { trainLoraModes } from "../adapter/train-lora";
import { fail, sameLength, unreachable } from "../check/check";
import type { Model } from "../model/model";
import { layoutOf, view } from "../tree/layout";
import type { Layout } from "../tree/layout";
import { contract } from "../tt/contract";
import { multiply, matrix } from "../tt/matrix";
import type { Matrix } from "../tt/matrix";
import type { Modes } from "../tt/modes";
import { allModes, tensorTrain } from "../tt/train";
import type { SavedAdapter } from "./adapter-file";

/** A model as far as its adapters go. */
export type LinearModel = Pick<Model, "sites"> & Pick<Adaptable, "forward">;

/** Kinds that are a LoRA written in another way. */
export const LINEAR_KINDS = ["lora", "lora-xs", "tt-lora", "tt-core"] as const satisfies readonly AdapterSpec["kind"][];

/** A LoRA, or an adapter that is one. */
export type LinearSpec = Extract<AdapterSpec, { readonly kind: (typeof LINEAR_KINDS)[number] }>;

/** Says whether an adapter of this kind is a LoRA written in another way, or one itself. @example isLinear({ kind: "none" }) // false */
export function isLinear(spec: AdapterSpec): spec is LinearSpec {
  return LINEAR_KINDS.some((kind) => kind === spec.kind);
}

/**
 * Gives a linear adapter as the LoRA that computes the same, its factors multiplied in float64 and rounded once to fp32: of LoRA-XS A = Q S R
 * and B = P^T, of a core of tensor trains likewise (of rank r m), of a LoRA of tensor trains both contracted. A LoRA is given back as it is.
 * For example `asLora(adapter, smollm2.model).spec.kind`: "lora".
 * @throws when the point does not fit the adapter
 */
export function asLora(
  saved: SavedAdapter & { readonly spec: LinearSpec },
  model: LinearModel,
): SavedAdapter & { readonly spec: LoraSpec } {
  const { spec, layout, point } = saved;
  sameLength("point", point.length, layout.size);
  if (spec.kind === "lora") return { ...saved, spec };
  const { alpha, targets, layers } = spec;
  const rank = loraRank(spec);
  const made: LoraSpec = { kind: "lora", rank, alpha, targets, ...(layers === undefined ? {} : { layers }) };
  const own = lora(made, model.sites).layout;
  const whole = new Float32Array(own.size);
  const factors = factorsOf(saved, spec, model);
  for (const site of chooseSites(targets, inLayers(model.sites, layers))) {
    const { a, b } = factors(site);
    view(own, whole, `${site.name}.A`).set(a);
    view(own, whole, `${site.name}.B`).set(b);
  }
  return { ...saved, spec: made, layout: layoutOf(own.entries), point: whole };
}

/** A site's A [inputs, rank] and B [rank, outputs]. */
type Factors = (site: LinearModel["sites"][number]) => {
  readonly a: ArrayLike<number>;
  readonly b: ArrayLike<number>;
};

type Placed = Pick<SavedAdapter, "layout" | "point">;

/** Gives the rank of the LoRA that a linear adapter is. @example loraRank({ kind: "tt-core", rank: 4, inner: 2, alpha: 16, targets: ["query"] }) // 8 */
export function loraRank(spec: LinearSpec): number {
  return spec.kind === "tt-core" ? spec.rank * spec.inner : spec.rank;
}

function factorsOf(at: Placed, spec: Exclude<LinearSpec, LoraSpec>, model: LinearModel): Factors {
  switch (spec.kind) {
    case "lora-xs":
      return byCore(at, "R", vectorSides(spec.rank), model);
    case "tt-core":
      return byCore(at, "core", trainSides(spec.rank, spec.inner), model);
    case "tt-lora":
      return byTrains(at, spec.rank, spec.trainRank);
    default:
      return unreachable(spec);
  }
}

function byCore({ layout, point }: Placed, part: string, sides: FrozenSides, model: LinearModel): Factors {
  const weights = siteMatrices(model);
  return ({ name, inputs }) => {
    const weight = weights.get(name) ?? fail(`site ${name}`, "a weight of the model", "none");
    const { narrow, wide } = factorsAt(weight, sides);
    const core = matrix(sides.side, sides.side, tensor(layout, point, `${name}.${part}`));
    return { a: multiply(matrix(inputs, sides.side, narrow), core).data, b: wide };
  };
}

function byTrains(at: Placed, rank: number, trainRank: number): Factors {
  return (site) => {
    const modes = trainLoraModes(site, rank);
    const [a, b] = [contracted(at, `${site.name}.A`, modes.a, trainRank), contracted(at, `${site.name}.B`, modes.b, trainRank)]; // prettier-ignore
    return { a: a.data, b: b.data };
  };
}

function contracted({ layout, point }: Placed, name: string, modes: Modes, trainRank: number): Matrix {
  const cores = allModes(modes).map((_, i) => tensor(layout, point, `${name}.core.${i}`));
  const { left, right } = contract(tensorTrain(modes, trainRank, cores));
  return multiply(left, right);
}

function tensor(layout: Layout, point: Float32Array, name: string): Float32Array {
  const data = view(layout, point, name);
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) fail(`${name}[${bad}]`, "a finite number (did the run diverge?)", data[bad]);
  return data;
}

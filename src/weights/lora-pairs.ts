import type { Adaptable, AdapterSpec, LoraSpec } from "../adapter/adapter";
import { chooseSites, inLayers } from "../adapter/choose-sites";
import { lora } from "../adapter/lora";
import { fail, sameLength } from "../check/check";
import type { Model } from "../model/model";
import type { SavedAdapter } from "./adapter-file";
import { asLora, isLinear } from "./as-lora";
import type { LinearSpec } from "./as-lora";
import { peftModules } from "./peft-modules";
import type { NamedModules } from "./peft-modules";

/** The two matrices that a LoRA has at a site, as other programs hold them: y = W x + (alpha / rank) B A x. */
export interface LoraPair {
  readonly site: string;
  /** The module's whole name in transformers. */
  readonly module: string;
  readonly rank: number;
  readonly inputs: number;
  readonly outputs: number;
  /** A [rank, inputs]. */
  readonly a: Float32Array;
  /** B [outputs, rank]. */
  readonly b: Float32Array;
}

/** Why an adapter of each other kind is no LoRA, and where it can go. */
const OTHERWISE: Readonly<Record<Exclude<AdapterSpec, LinearSpec>["kind"], string>> = {
  "tensor-train":
    "a tensor train has a ReLU between its halves, so no pair of matrices computes it; saveAdapter keeps it, saveRunAsOnnx writes its classifier",
  bottleneck:
    "a bottleneck has an activation between its halves, so no pair of matrices computes it; saveAdapter keeps it, saveRunAsOnnx writes its classifier",
  linear:
    "a linear adapter changes what comes out of a layer, its bias with it, so no pair of matrices computes it; mergeAdapter writes it as a model",
  prefix:
    "a prefix is keys and values in front of a text, not matrices beside the model's; saveAdapter keeps it, saveRunAsOnnx writes its classifier",
  side: "a side network computes what the last layer takes, beside the model's matrices; saveAdapter keeps it, saveRunAsOnnx writes its classifier",
  full: "full-parameter training changes the model's own weights; mergeAdapter writes them as a model",
  none: "without an adapter there is nothing to write",
};

/** A model as far as its LoRAs go. */
export type LoraModel = NamedModules & Pick<Model, "id"> & Pick<Adaptable, "forward">;

/**
 * Gives the matrices of a LoRA, or of an adapter that is one (`asLora`), site by site, for other programs.
 * For example `loraPairs(adapter, smollm2.model, "PEFT").pairs[0].module`: "model.layers.0.self_attn.q_proj".
 * @param reader what is to read them, for messages
 * @throws when the adapter is no LoRA (saying why it cannot be one), has a trained head, was made for another model, or does not fit its own layout
 */
export function loraPairs(
  adapter: SavedAdapter,
  model: LoraModel,
  reader: string,
): { readonly spec: LoraSpec; readonly pairs: readonly LoraPair[] } {
  const { spec: given, modelId } = adapter;
  if (!isLinear(given))
    return fail("adapter", `a LoRA, the one kind that ${reader} has too (${OTHERWISE[given.kind]})`, given.kind);
  if (given.kind === "lora" && given.head !== undefined)
    return fail(
      "adapter",
      `a LoRA alone, without a trained head, which ${reader} would lose (saveAdapter keeps both)`,
      "lora with a head",
    );
  requireBase(modelId, model);
  const { spec, layout, point } = asLora({ ...adapter, spec: given }, model);
  const chosen = new Set(chooseSites(spec.targets, inLayers(model.sites, spec.layers)).map(({ name }) => name));
  const pairs = peftModules(model)
    .filter(({ site }) => chosen.has(site))
    .map(({ site, module }) => {
      const [a, b] = (["A", "B"] as const).map((part) => {
        const entry = layout.entries.find(({ name }) => name === `${site}.${part}`);
        if (entry === undefined) return fail(`${site}.${part}`, "a tensor of the adapter", "none");
        const [rows, columns] = [entry.shape[0]!, entry.shape[1]!];
        const data = point.subarray(entry.offset, entry.offset + entry.size);
        const bad = data.findIndex((value) => !Number.isFinite(value));
        if (bad >= 0) fail(`${site}.${part}[${bad}]`, "a finite number (did the run diverge?)", data[bad]);
        return { rows, columns, data: transposed(data, rows, columns) };
      });
      const { rows: inputs, columns: rank } = a!;
      return { site, module, rank, inputs, outputs: b!.columns, a: a!.data, b: b!.data };
    });
  return { spec, pairs };
}

/** A matrix as other programs hold it, rows first. */
export interface StoredMatrix {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * Makes an adapter of the matrices that a file of another program holds: the way back from `loraPairs`.
 * @param path the file, for messages
 * @param stored A [rank, inputs] as "SITE.A" and B [outputs, rank] as "SITE.B"
 * @throws when a matrix is missing, or has another shape than the model's sites ask for
 */
export function loraFrom(
  path: string,
  model: Pick<Model, "id" | "sites">,
  { rank, alpha }: Pick<LoraSpec, "rank" | "alpha">,
  stored: ReadonlyMap<string, StoredMatrix>,
  note: string,
): SavedAdapter & { readonly spec: LoraSpec } {
  const sites = new Set([...stored.keys()].map((name) => name.slice(0, -2)));
  const spec: LoraSpec = { kind: "lora", rank, alpha, targets: wordsOf(model, sites) };
  const { layout } = lora(spec, model.sites);
  sameLength(`${path}: tensors`, stored.size, layout.entries.length);
  const parts = layout.entries.map(({ name, shape, offset }) => {
    const [rows, columns] = [shape[0]!, shape[1]!];
    const found = stored.get(name) ?? fail(`${path}: tensor`, `one for ${name}`, "none");
    if (found.shape.join() !== `${columns},${rows}`)
      fail(`${path}: shape for ${name}`, `${columns} x ${rows}`, found.shape.join(" x "));
    return { data: found.data, rows, columns, offset };
  });
  const point = new Float32Array(layout.size);
  for (const { data, rows, columns, offset } of parts) point.set(transposed(data, columns, rows), offset);
  return { spec, layout, point, modelId: model.id, note };
}

/** The last words of site names where they say exactly these sites, else the sites' whole names. */
function wordsOf({ sites }: Pick<Model, "sites">, chosen: ReadonlySet<string>): readonly string[] {
  const last = (name: string): string => name.slice(name.lastIndexOf(".") + 1);
  const words = [...new Set(sites.filter(({ name }) => chosen.has(name)).map(({ name }) => last(name)))];
  const exact = sites.every(({ name }) => words.includes(last(name)) === chosen.has(name));
  return exact ? words : sites.filter(({ name }) => chosen.has(name)).map(({ name }) => name);
}

/** Checks that an adapter was trained on this model. @throws when it was trained on another one, saying both and what to do */
export function requireBase(modelId: string, model: Pick<Model, "id">): void {
  if (modelId !== model.id)
    throw new Error(
      `model: expected ${modelId}, got ${model.id}: this is another base than the one that was tuned; ` +
        "open the model that the adapter was trained on",
    );
}

/** Gives [rows, columns] as [columns, rows]. @example transposed(Float32Array.of(1, 2, 3, 4), 2, 2) // Float32Array [1, 3, 2, 4] */
export function transposed(data: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = data[i * columns + j]!;
  return out;
}

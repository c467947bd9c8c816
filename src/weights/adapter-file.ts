import type { AdapterSpec } from "../adapter/adapter";
import { fail, sameLength } from "../check/check";
import { layoutOf, type Layout, type TensorSpec } from "../tree/layout";
import { readSafetensors } from "./safetensors";
import { safetensors, writeSafetensors } from "./write-safetensors";

/** A trained adapter with what it belongs to. */
export interface SavedAdapter {
  readonly spec: AdapterSpec;
  readonly layout: Layout;
  /** theta [d], in the layout's order. */
  readonly point: Float32Array;
  /** `Model.id` of the frozen model it was trained on. */
  readonly modelId: string;
  /** Free text for people: data set, steps, date. */
  readonly note: string;
}

const FORMAT = "adazeta-adapter-1";

/**
 * Saves an adapter as safetensors: one F32 tensor per trainable tensor under its name, the rest as metadata. Any safetensors
 * reader opens it.
 * @throws when the point does not fit the layout, or the file cannot be written (then an older file is still whole)
 */
export function saveAdapter(path: string, adapter: SavedAdapter): void {
  writeSafetensors(path, ...partsOf(adapter));
}

/** Gives the content of such a file, for those who save it with others. @throws when the point does not fit the layout */
export function adapterContent(adapter: SavedAdapter): (file: number) => void {
  return safetensors(...partsOf(adapter));
}

function partsOf({ spec, layout, point, modelId, note }: SavedAdapter): Parameters<typeof safetensors> {
  sameLength("point", point.length, layout.size);
  const tensors = layout.entries.map(({ name, shape, offset, size }) => ({
    name,
    shape,
    data: point.subarray(offset, offset + size),
  }));
  const order: readonly TensorSpec[] = layout.entries.map(({ name, shape, decay }) => ({ name, shape, decay }));
  const [written, named] = [JSON.stringify(spec), JSON.stringify(order)];
  return [tensors, { format: FORMAT, model: modelId, spec: written, layout: named, note }];
}

/**
 * Loads an adapter. With `expected`, it must have been trained on that model and be that adapter.
 * For example `loadAdapter("questions.safetensors", { modelId: model.id, spec: adapter.spec }).point`.
 * @throws when the file is not a whole adapter file, or belongs to another model or adapter, saying both
 */
export function loadAdapter(
  path: string,
  expected: { readonly modelId?: string; readonly spec?: AdapterSpec } = {},
): SavedAdapter {
  const { metadata, tensors } = readSafetensors(path);
  if (metadata["format"] !== FORMAT)
    fail(`${path}: format`, `"${FORMAT}", a file made by saveAdapter`, metadata["format"]);
  const text = (key: string): string => metadata[key] ?? fail(`${path}: ${key}`, "an entry in the metadata", undefined);
  const spec = specOf(path, json(path, "spec", text("spec")));
  const modelId = text("model");
  if (expected.modelId !== undefined && expected.modelId !== modelId) {
    throw new Error(
      `${path}: expected an adapter for model ${expected.modelId}, got one trained on ${modelId}; ` +
        "open the model it was trained on, or train it on this one",
    );
  }
  if (expected.spec !== undefined && canonical(expected.spec) !== canonical(spec)) {
    throw new Error(`${path}: expected the adapter ${canonical(expected.spec)}, got ${canonical(spec)}`);
  }

  const layout = layoutOf(tensorSpecs(path, json(path, "layout", text("layout"))));
  const stored = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  sameLength(`${path}: tensors`, stored.size, layout.entries.length);
  const found = layout.entries.map(({ name, shape, offset }) => {
    const tensor = stored.get(name) ?? fail(`${path}: tensor`, `the tensor ${name}`, [...stored.keys()]);
    if (canonical(tensor.shape) !== canonical(shape)) fail(`${path}: shape of ${name}`, canonical(shape), tensor.shape);
    return { data: tensor.data, offset };
  });
  const point = new Float32Array(layout.size);
  for (const { data, offset } of found) point.set(data, offset);
  return { spec, layout, point, modelId, note: metadata["note"] ?? "" };
}

/** Every kind there is: the type checks that none is missing. */
const KINDS: Readonly<Record<AdapterSpec["kind"], true>> = {
  "tensor-train": true,
  bottleneck: true,
  lora: true,
  "lora-xs": true,
  "tt-lora": true,
  "tt-core": true,
  linear: true,
  prefix: true,
  side: true,
  full: true,
  none: true,
};

function specOf(path: string, value: unknown): AdapterSpec {
  const kind = (value as { readonly kind?: unknown } | null)?.kind;
  return typeof kind === "string" && Object.hasOwn(KINDS, kind)
    ? (value as AdapterSpec)
    : fail(`${path}: spec`, "an adapter specification", value);
}

function tensorSpecs(path: string, value: unknown): readonly TensorSpec[] {
  const whole = (axis: unknown): boolean => Number.isSafeInteger(axis) && (axis as number) >= 0;
  const valid =
    Array.isArray(value) &&
    value.every(
      (entry: Partial<TensorSpec> | null) =>
        typeof entry?.name === "string" &&
        typeof entry.decay === "boolean" &&
        Array.isArray(entry.shape) &&
        entry.shape.every(whole),
    );
  return valid ? (value as readonly TensorSpec[]) : fail(`${path}: layout`, "a list of {name, shape, decay}", value);
}

function json(path: string, key: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${path}: ${key}: expected JSON, got ${String(error)}`);
  }
}

/** JSON with sorted keys, so that equal values give equal text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

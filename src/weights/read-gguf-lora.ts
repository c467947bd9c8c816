import type { LoraSpec } from "../adapter/adapter";
import { fail } from "../check/check";
import type { SavedAdapter } from "./adapter-file";
import { readGgufHeader } from "./gguf-header";
import { ggufForm } from "./gguf-lora";
import type { GgufModel } from "./gguf-lora";
import { ggufName, interleavedRow, isRotated } from "./gguf-names";
import { loraFrom, requireBase } from "./lora-pairs";
import type { StoredMatrix } from "./lora-pairs";
import { peftModules } from "./peft-modules";
import { openRange } from "./range-file";
import { readTensor } from "./tensor-file";

/**
 * Reads a LoRA that `saveGgufLora`, or llama.cpp's converter, wrote; rows of query and key come back into the model's own order.
 * For example `loadGgufLora("mine.gguf", smollm2.model).spec.rank`: 8.
 * @throws when the file is no LoRA adapter, was tuned on another model (where it says on which), or does not fit this one
 */
export function loadGgufLora(path: string, model: GgufModel): SavedAdapter & { readonly spec: LoraSpec } {
  const { interleaved } = ggufForm(model);
  const file = openRange(path);
  const { metadata, tensors } = readGgufHeader(file);
  const kind = `${String(metadata.get("general.type"))}, ${String(metadata.get("adapter.type"))}`;
  if (kind !== "adapter, lora") fail(`${path}: general.type, adapter.type`, "adapter, lora", kind);
  const alpha = metadata.get("adapter.lora.alpha");
  if (typeof alpha !== "number" || !Number.isFinite(alpha))
    return fail(`${path}: adapter.lora.alpha`, "a number", alpha);
  const base = metadata.get("adazeta.base");
  if (typeof base === "string") requireBase(base, model);
  const sites = new Map(peftModules(model).map(({ site, module }) => [ggufName(`${module}.weight`), { site, module }]));
  const stored = new Map<string, StoredMatrix>();
  for (const tensor of tensors) {
    const [, name, end] = /^(.*)\.lora_([ab])$/.exec(tensor.name) ?? [];
    const found = sites.get(name ?? "");
    if (found === undefined || end === undefined)
      return fail(`${path}: tensor`, `lora_a or lora_b of a matrix like ${[...sites.keys()][0]}`, tensor.name);
    const turned = end === "b" && interleaved !== null && isRotated(`${found.module}.weight`);
    const row = turned ? { row: interleavedRow(interleaved) } : {};
    const data = readTensor(file, { ...tensor, typeName: tensor.type.name, ...row });
    stored.set(`${found.site}.${end.toUpperCase()}`, { shape: tensor.shape, data });
  }
  const [first] = [...stored].filter(([name]) => name.endsWith(".A"));
  const rank = first?.[1].shape[0] ?? fail(`${path}: tensors`, "at least one site's", "none");
  return loraFrom(path, model, { rank, alpha }, stored, String(metadata.get("general.description") ?? ""));
}

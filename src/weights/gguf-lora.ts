import { fail } from "../check/check";
import { knownWord } from "../check/known-options";
import { requireFree } from "../disk/require-free";
import { writeWhole } from "../disk/whole-file";
import type { GgufForm, Model } from "../model/model";
import type { SavedAdapter } from "./adapter-file";
import { ggufName, interleavedRow, isRotated } from "./gguf-names";
import { loraPairs } from "./lora-pairs";
import type { LoraModel } from "./lora-pairs";
import { gguf, ggufFloat32, ggufText } from "./write-gguf";
import type { GgufOutput } from "./write-gguf";

/** A model as far as llama.cpp's adapter files go. */
export type GgufModel = LoraModel & Pick<Model, "family" | "gguf">;

/** How such a file can hold an adapter's numbers. */
export const GGUF_LORA_TYPES = ["F32", "F16"] as const;

/** How an adapter is written. */
export interface GgufLoraOptions {
  /** How its numbers are held. F32 (the default) has the bits that were tuned; F16 takes half the room and rounds to 11 bits. */
  readonly type?: (typeof GGUF_LORA_TYPES)[number];
  /** Takes the place of a file of that name. Without it a name that is taken is an error. */
  readonly replace?: boolean;
}

/**
 * Writes a LoRA as a GGUF file that llama.cpp (`--lora`), what is built on it, and Ollama (`ADAPTER`) add to a GGUF file of the same model:
 * for each site `<base tensor>.lora_a` [rank, inputs] and `.lora_b` [outputs, rank], with `adapter.lora.alpha`. The rows of query and key
 * are put into the order that the base's file has them in. The file appears whole or not at all.
 * For example `saveGgufLora("mine.gguf", adapter, smollm2.model)`.
 * @returns the path
 * @throws when the adapter is no LoRA (saying why it cannot be one) or was tuned on another model, the architecture has no such files
 *   here, a number has no place in F16, the name is taken, or the disk does not take it
 * Source: what llama.cpp's llama-adapter.cpp reads; judged by it (test/weights/gguf-lora.test.ts).
 */
export function saveGgufLora(
  path: string,
  adapter: SavedAdapter,
  model: GgufModel,
  { type = "F32", replace = false }: GgufLoraOptions = {},
): string {
  knownWord("type", type, GGUF_LORA_TYPES);
  const { spec, pairs } = loraPairs(adapter, model, "llama.cpp");
  const form = ggufForm(model);
  requireFree(path, replace);
  const tensors = pairs.flatMap(({ module, rank, inputs, outputs, a, b }): readonly GgufOutput[] => {
    const weight = `${module}.weight`;
    const base = ggufName(weight);
    const inOrder = rowsAsInFile(form, weight, b, rank);
    return [
      { name: `${base}.lora_a`, shape: [rank, inputs], type, read: () => a },
      { name: `${base}.lora_b`, shape: [outputs, rank], type, read: () => inOrder },
    ];
  });
  const entries = [
    ggufText("general.architecture", form.architecture),
    ggufText("general.type", "adapter"),
    ggufText("general.description", adapter.note),
    ggufText("adapter.type", "lora"),
    ggufFloat32("adapter.lora.alpha", spec.alpha),
    ggufText("adazeta.base", adapter.modelId),
  ];
  writeWhole(path, gguf(entries, tensors));
  return path;
}

/** Gives how llama.cpp's files hold a model. @throws when none of its architecture are written here */
export function ggufForm({ gguf: form, family }: Pick<Model, "gguf" | "family">): GgufForm {
  return form ?? fail("model", "a Llama, Mistral or Qwen2, whose GGUF files are known here", family);
}

/**
 * Gives the rows of a tensor in the order that a GGUF file has them in.
 * @param weight its name at Hugging Face
 */
export function rowsAsInFile(
  { interleaved }: GgufForm,
  weight: string,
  data: Float32Array,
  width: number,
): Float32Array {
  if (interleaved === null || !isRotated(weight)) return data;
  const place = interleavedRow(interleaved);
  const out = new Float32Array(data.length);
  for (let row = 0; row * width < data.length; row++)
    out.set(data.subarray(row * width, (row + 1) * width), place(row) * width);
  return out;
}

import { fail } from "../check/check";
import { writeWhole } from "../disk/whole-file";
import type { GgufForm } from "../model/model";
import { ggufPartsOf } from "../weights/gguf";
import type { GgufPart } from "../weights/gguf";
import type { GgufTensor } from "../weights/gguf-header";
import { rowsAsInFile } from "../weights/gguf-lora";
import { huggingFaceName, interleavedRow, isRotated, ROPE_FACTORS } from "../weights/gguf-names";
import type { Change } from "../weights/merged-weights";
import { readTensor } from "../weights/tensor-file";
import { gguf, ggufCopied, ggufText, ggufUnsigned32 } from "../weights/write-gguf";
import type { GgufEntry, GgufOutput } from "../weights/write-gguf";

/** How a merged GGUF file holds its matrices, with the number that llama.cpp has for such files (`general.file_type`). */
export const GGUF_FILE_TYPES = { F32: 0, F16: 1, Q4_1: 3, Q8_0: 7 } as const;
export type MergedGgufType = keyof typeof GGUF_FILE_TYPES;

/** Says whether a merged model of that name is a GGUF file; else it is a folder. @example isGgufName("data/runs/Mine.GGUF") // true */
export function isGgufName(path: string): boolean {
  return path.toLowerCase().endsWith(".gguf");
}

/** Keys that speak of the base's file alone. */
const OF_THE_FILE = /^(split\.|general\.(file_type|quantization_version|alignment)$|adazeta\.)/;

/**
 * Writes a GGUF model with tuned weights: the metadata (architecture, tokenizer, chat template) and order of the base's file. Vectors are
 * F32, as llama.cpp has them. In F16 and F32 every matrix is written so; in Q8_0 and Q4_1 the matrices that tuning changed are
 * quantized, the others keep the bytes that they have. A matrix whose rows are no whole blocks is F16.
 * @param notes further metadata: what it was made from
 * @throws when a changed weight is not in the base's file, a number has no place in the type, or the disk does not take it
 */
export function writeMergedGguf(
  to: string,
  base: string,
  changes: ReadonlyMap<string, Change>,
  form: GgufForm,
  type: MergedGgufType,
  notes: Readonly<Record<string, string>>,
): void {
  const parts = ggufPartsOf(base);
  const left = new Set(changes.keys());
  const tensors = parts.flatMap((part) =>
    part.tensors.map((tensor) => {
      const name = tensor.name === ROPE_FACTORS ? ROPE_FACTORS : huggingFaceName(tensor.name);
      left.delete(name);
      return output(part, tensor, name, changes.get(name) ?? null, form, type);
    }),
  );
  if (left.size > 0) fail(`${base}: tensors`, `the weight ${[...left][0]}, which was tuned`, "none of that name");
  const entries = [
    ...copied(parts[0]!),
    ggufUnsigned32("general.file_type", GGUF_FILE_TYPES[type]),
    ggufUnsigned32("general.quantization_version", 2),
    ...Object.entries(notes).map(([key, value]) => ggufText(`adazeta.${key}`, value)),
  ];
  writeWhole(to, gguf(entries, tensors));
}

function copied({ file, places }: GgufPart): readonly GgufEntry[] {
  return [...places]
    .filter(([key]) => !OF_THE_FILE.test(key))
    .map(([key, { start, end }]) => ggufCopied(key, file.bytes(start, end - start)));
}

function output(
  { file }: GgufPart,
  tensor: GgufTensor,
  name: string,
  change: Change | null,
  form: GgufForm,
  type: MergedGgufType,
): GgufOutput {
  const { shape } = tensor;
  const width = shape.at(-1) ?? 1;
  const stored = { ...tensor, typeName: tensor.type.name };
  const asStored = (): Float32Array => readTensor(file, stored);
  if (change !== null) {
    const rotated = form.interleaved !== null && isRotated(name);
    const inOrder = rotated ? { ...stored, row: interleavedRow(form.interleaved) } : stored;
    const rowWidth = shape.length > 1 ? width : 1;
    const read = (): Float32Array => rowsAsInFile(form, name, change(readTensor(file, inOrder)), rowWidth);
    return { name: tensor.name, shape, type: typeFor(shape, type), read };
  }
  const quantizes = type === "Q8_0" || type === "Q4_1";
  return shape.length > 1 && quantizes
    ? { name: tensor.name, shape, type: tensor.type, read: () => file.bytes(tensor.offset, tensor.bytes) }
    : { name: tensor.name, shape, type: typeFor(shape, type), read: asStored };
}

function typeFor(shape: readonly number[], type: MergedGgufType): MergedGgufType {
  if (shape.length < 2) return "F32";
  return (type === "Q8_0" || type === "Q4_1") && shape.at(-1)! % 32 !== 0 ? "F16" : type;
}

import { fail } from "../check/check";
import { messageOf } from "../check/error-words";
import type { Weights } from "../model/model";
import { checkExtents } from "./extents";
import { ggufConfig, type GgufConfig } from "./gguf-config";
import { readGgufHeader, type GgufHeader, type GgufMetadata, type GgufTensor } from "./gguf-header";
import { huggingFaceName, interleavedRow, isRotated, ROPE_FACTORS } from "./gguf-names";
import { checkParts, ggufParts } from "./gguf-parts";
import { openRange, type RangeFile } from "./range-file";
import { requireKind } from "./sniff";
import { readTensor, weightsOf, type StoredTensor } from "./tensor-file";

export interface GgufWeights extends Weights {
  readonly metadata: GgufMetadata;
  readonly config: GgufConfig;
}

/**
 * Opens a GGUF file of a Llama, Mistral or Qwen2. Names are Hugging Face's, and the rows of a Llama's query and key projections are
 * put back into Hugging Face's order, so rotary pairs are (i, i + headSize/2). Only the header is read (its tokenizer
 * included), and the divisors of rotary frequencies; tensors are decoded to fp32 when asked for (types: `ggml-types.ts`).
 * A model in several files (NAME-00001-of-00003.gguf, ...) is opened by any of them.
 * For example `openGguf("SmolLM2-135M-Instruct.Q4_1.gguf").matrix("model.embed_tokens.weight", [49152, 576]).rows([0]).length`: 576.
 * @throws when the file is missing, truncated, not GGUF, of another architecture, or its header is inconsistent
 */
export function openGguf(path: string): GgufWeights {
  const parts = ggufPartsOf(path);
  const { metadata } = parts[0]!;
  const tensors = parts.flatMap((part) => part.tensors);
  const names = new Set(tensors.map(({ name }) => name));
  const config = located(path, () => ggufConfig(metadata, { names, ropeFactors: ropeFactors(parts) }));
  const stored = parts.map(({ file, tensors: own, dataStart }) => ({
    file,
    dataStart,
    tensors: own
      .filter(({ name }) => name !== ROPE_FACTORS)
      .map((tensor) => located(file.path, () => storedTensor(tensor, config))),
  }));
  return { ...weightsOf(path, stored), metadata, config };
}

/** A file of a model with its header. */
export type GgufPart = GgufHeader & { readonly file: RangeFile };

/** Gives the files of a model with their headers, as they are. @throws as `openGguf`, as far as headers go */
export function ggufPartsOf(path: string): readonly GgufPart[] {
  const parts = ggufParts(path).map(openPart);
  checkParts(parts.map((part) => ({ path: part.file.path, header: part })));
  return parts;
}

function openPart(path: string): GgufPart {
  const file = openRange(path);
  requireKind(file, "gguf");
  const header = readGgufHeader(file);
  checkExtents(
    path,
    header.tensors.map(({ name, offset, bytes }) => ({ name, start: offset, end: offset + bytes })),
    header.dataStart,
    file.size,
  );
  return { ...header, file };
}

function ropeFactors(parts: readonly GgufPart[]): readonly number[] | null {
  for (const { file, tensors } of parts) {
    const tensor = tensors.find(({ name }) => name === ROPE_FACTORS);
    if (tensor && tensor.bytes > 4096) fail(`size of ${ROPE_FACTORS}`, "one number a pair of features", tensor.shape);
    if (tensor) return [...readTensor(file, { ...tensor, typeName: tensor.type.name })];
  }
  return null;
}

function storedTensor(tensor: GgufTensor, config: GgufConfig): StoredTensor {
  const stored = { ...tensor, name: huggingFaceName(tensor.name), typeName: tensor.type.name };
  if (config.model_type !== "llama" || !isRotated(stored.name)) return stored;
  if (stored.shape.length > 2 || stored.shape[0]! % config.head_dim !== 0) {
    fail(`shape of ${tensor.name}`, `a multiple of ${config.head_dim} rows`, tensor.shape);
  }
  return { ...stored, row: interleavedRow(config.head_dim) };
}

function located<T>(path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new Error(`${path}: ${messageOf(error)}`);
  }
}

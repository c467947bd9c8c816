import { fail } from "../check/check";
import type { Weights } from "../model/model";
import { checkExtents } from "./extents";
import { ggufLlamaConfig, type LlamaConfig } from "./gguf-config";
import { readGgufHeader, type GgufHeader, type GgufMetadata, type GgufTensor } from "./gguf-header";
import { huggingFaceName, interleavedRow } from "./gguf-names";
import { checkParts, ggufParts } from "./gguf-parts";
import { openRange, type RangeFile } from "./range-file";
import { requireKind } from "./sniff";
import { weightsOf, type StoredTensor } from "./tensor-file";

export interface GgufWeights extends Weights {
  readonly metadata: GgufMetadata;
  readonly config: LlamaConfig;
}

/**
 * Opens a GGUF file of the Llama architecture. Names are Hugging Face's, and the rows of the query and key projections are
 * put back into Hugging Face's order, so rotary pairs are (i, i + headSize/2). Only the header is read (its tokenizer
 * included); tensors are decoded to fp32 when asked for (types: `ggml-types.ts`).
 * A model in several files (NAME-00001-of-00003.gguf, ...) is opened by any of them.
 * @throws when the file is missing, truncated, not GGUF, of another architecture, or its header is inconsistent
 * @example openGguf("SmolLM2-135M-Instruct.Q4_1.gguf").matrix("model.embed_tokens.weight", [49152, 576]).rows([0]).length // 576
 */
export function openGguf(path: string): GgufWeights {
  const parts = ggufParts(path).map(openPart);
  const { metadata } = parts[0]!;
  checkParts(parts.map((part) => ({ path: part.file.path, header: part })));
  const tensors = parts.flatMap((part) => part.tensors);
  const tied = tensors.every(({ name }) => name !== "output.weight");
  const config = located(path, () => ggufLlamaConfig(metadata, tied));
  const stored = parts.map(({ file, tensors: own, dataStart }) => ({
    file,
    dataStart,
    tensors: own.map((tensor) => located(file.path, () => storedTensor(tensor, config))),
  }));
  return { ...weightsOf(path, stored), metadata, config };
}

function openPart(path: string): GgufHeader & { readonly file: RangeFile } {
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

function storedTensor(tensor: GgufTensor, config: LlamaConfig): StoredTensor {
  const stored = { ...tensor, name: huggingFaceName(tensor.name), typeName: tensor.type.name };
  if (!/\.self_attn\.[qk]_proj\.weight$/.test(stored.name)) return stored;
  if (stored.shape.length !== 2 || stored.shape[0]! % config.head_dim !== 0) {
    fail(`shape of ${tensor.name}`, `a matrix with a multiple of ${config.head_dim} rows`, tensor.shape);
  }
  return { ...stored, row: interleavedRow(config.head_dim) };
}

function located<T>(path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

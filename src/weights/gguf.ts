import { fail } from "../check/check";
import type { Weights } from "../model/model";
import { checkExtents } from "./extents";
import { ggufLlamaConfig, type LlamaConfig } from "./gguf-config";
import { readGgufHeader, type GgufMetadata, type GgufTensor } from "./gguf-header";
import { huggingFaceName, interleavedRow } from "./gguf-names";
import { openRange } from "./range-file";
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
 * @throws when the file is missing, truncated, not GGUF, of another architecture, or its header is inconsistent
 * @example openGguf("SmolLM2-135M-Instruct.Q4_1.gguf").matrix("model.embed_tokens.weight", [49152, 576]).rows([0]).length // 576
 */
export function openGguf(path: string): GgufWeights {
  const file = openRange(path);
  requireKind(file, "gguf");
  const { metadata, tensors, dataStart } = readGgufHeader(file);
  checkExtents(
    path,
    tensors.map(({ name, offset, bytes }) => ({ name, start: offset, end: offset + bytes })),
    dataStart,
    file.size,
  );
  const tied = tensors.every(({ name }) => name !== "output.weight");
  const config = located(path, () => ggufLlamaConfig(metadata, tied));
  const stored = tensors.map((tensor) => located(path, () => storedTensor(tensor, config)));
  return { ...weightsOf(file, stored, dataStart), metadata, config };
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

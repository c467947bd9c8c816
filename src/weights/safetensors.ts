import { fail } from "../check/check";
import type { Weights } from "../model/model";
import { checkExtents, elements } from "./extents";
import { openRange, type RangeFile } from "./range-file";
import { requireKind } from "./sniff";
import { BF16, F16, F32, type StoredType } from "./stored-type";
import { isFolder, shards, weightsInFolder } from "./safetensors-index";
import { readTensor, weightsOf, type StoredTensor, type TensorFile } from "./tensor-file";
import type { NamedTensor } from "./write-safetensors";

/** Types that are read, and types whose tensors are passed over, with their bytes per value. */
const READ: Readonly<Record<string, StoredType>> = { F32, F16, BF16 };
const PASSED_OVER: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  U16: 2,
  I16: 2,
  U32: 4,
  I32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
};
/** The limit of the format's own reader. */
const LONGEST_HEADER = 100_000_000;

interface Header extends TensorFile {
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Opens safetensors: a file (8 bytes of header length, little-endian, a JSON header, then the tensors' bytes without gaps), the index of a
 * model in several such files, or a folder with either. Only headers are read; tensors are read when asked for. F32, F16 and BF16 are
 * weights, other types are passed over.
 * For example `openSafetensors("model.safetensors").vector("embeddings.LayerNorm.weight", 384).read().length`: 384.
 * @throws when a file is missing, truncated, not safetensors (a PyTorch pickle is refused), its header is inconsistent, or index and
 * files do not agree
 * Source: the format's description, github.com/huggingface/safetensors.
 */
export function openSafetensors(path: string): Weights {
  return weightsOf(path, safetensorsParts(path));
}

/** Gives the files of a model with what lies in them, as it is. @throws as `openSafetensors` */
export function safetensorsParts(path: string): readonly TensorFile[] {
  const chosen = isFolder(path) ? weightsInFolder(path) : path;
  return chosen.endsWith(".json")
    ? shards(chosen, (part) => readHeader(openRange(part)))
    : [readHeader(openRange(chosen))];
}

/** Gives all tensors of a small file with its metadata. @throws as `openSafetensors` does */
export function readSafetensors(path: string): {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: readonly NamedTensor[];
} {
  const file = openRange(path);
  const { metadata, tensors } = readHeader(file);
  const weights = tensors.filter(({ type }) => type !== null);
  return {
    metadata,
    tensors: weights.map((tensor) => ({ name: tensor.name, shape: tensor.shape, data: readTensor(file, tensor) })),
  };
}

function readHeader(file: RangeFile): Header {
  const { path, size } = file;
  requireKind(file, "safetensors");
  const length = Number(Buffer.from(file.bytes(0, 8)).readBigUInt64LE(0));
  if (length > LONGEST_HEADER || 8 + length > size) {
    fail(
      `${path}: header length`,
      `at most ${Math.min(LONGEST_HEADER, size - 8)} bytes (truncated or damaged?)`,
      length,
    );
  }
  const dataStart = 8 + length;
  const entries = Object.entries(parseObject(path, file.bytes(8, length)));
  const tensors = entries
    .filter(([name]) => name !== "__metadata__")
    .map(([name, value]) => tensorOf(path, name, value, dataStart));
  checkExtents(
    path,
    tensors.map(({ name, offset, bytes }) => ({ name, start: offset, end: offset + bytes })),
    dataStart,
    size,
  );
  const end = tensors.reduce((sum, { bytes }) => sum + bytes, dataStart);
  if (end !== size) fail(`${path}: size`, `${end} bytes, as its tensors fill`, size);
  const metadata = metadataOf(path, entries.find(([name]) => name === "__metadata__")?.[1]);
  return { file, tensors, dataStart, metadata };
}

function parseObject(path: string, bytes: Uint8Array): object {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Error(`${path}: header: expected JSON in UTF-8, got ${String(error)}`);
  }
  return isObject(header) ? header : fail(`${path}: header`, "a JSON object", header);
}

function tensorOf(path: string, name: string, value: unknown, dataStart: number): StoredTensor {
  if (!isObject(value)) return fail(`${path}: ${name}`, "{dtype, shape, data_offsets}", value);
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  const what = `${path}: ${name}`;
  if (typeof dtype !== "string") return fail(`dtype of ${what}`, "a type name", dtype);
  const type = Object.hasOwn(READ, dtype) ? READ[dtype]! : null;
  const width = type ? type.bytes : Object.hasOwn(PASSED_OVER, dtype) ? PASSED_OVER[dtype]! : null;
  if (width === null)
    return fail(`dtype of ${what}`, `one of ${Object.keys({ ...READ, ...PASSED_OVER }).join(", ")}`, dtype);
  const count = elements(what, shape);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every((at) => Number.isSafeInteger(at) && at >= 0)) {
    return fail(`data_offsets of ${what}`, "[begin, end], non-negative integers", offsets);
  }
  const [begin, end] = offsets as [number, number];
  if (end - begin !== count * width) {
    fail(
      `data_offsets of ${what}`,
      `${count * width} bytes for shape ${JSON.stringify(shape)} in ${dtype}`,
      end - begin,
    );
  }
  return { name, shape: shape as number[], type, typeName: dtype, offset: dataStart + begin, bytes: end - begin };
}

function metadataOf(path: string, value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (!isObject(value) || !Object.values(value).every((text) => typeof text === "string")) {
    return fail(`${path}: __metadata__`, "an object of strings", value);
  }
  return value as Record<string, string>;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

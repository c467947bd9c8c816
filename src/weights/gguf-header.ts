import { fail } from "../check/check";
import { elements } from "./extents";
import { cursorOf, type Cursor } from "./gguf-cursor";
import { ggmlType, READ_TYPES } from "./ggml-types";
import type { RangeFile } from "./range-file";
import type { StoredType } from "./stored-type";

export type GgufValue = number | bigint | boolean | string | readonly GgufValue[];
export type GgufMetadata = ReadonlyMap<string, GgufValue>;

/** A tensor as the header describes it; shape in row-major order (the file lists the contiguous axis first). */
export interface GgufTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: StoredType;
  readonly offset: number;
  readonly bytes: number;
}

export interface GgufHeader {
  readonly metadata: GgufMetadata;
  /** Where the entry of each key lies in the file: its type and value, for those who copy it. */
  readonly places: ReadonlyMap<string, { readonly start: number; readonly end: number }>;
  readonly tensors: readonly GgufTensor[];
  readonly dataStart: number;
}

const DEEPEST_ARRAY = 4;
/** Together in all metadata arrays; a vocabulary of 256,000 with scores, types and merges has about 1.3 million. */
const MOST_VALUES = 10_000_000;

/**
 * Reads and checks a GGUF header of version 2 or 3: magic, version, counts, metadata, tensor descriptions.
 * @throws when it is truncated, counts more than the file can hold, repeats a name, or has a type that is not read
 * Departs: not through @huggingface/gguf, which is the judge in the tests. It pads what it has read with zeros, so a header that
 * was cut off comes back as a header with fewer or nameless tensors, without an error; a test shows it.
 * Source: the format's description, github.com/ggml-org/ggml/blob/master/docs/gguf.md.
 */
export function readGgufHeader(file: RangeFile): GgufHeader {
  const cursor = cursorOf(file);
  const magic = cursor.unsigned32();
  if (magic !== 0x46554747) fail(`${file.path}: first bytes`, `"GGUF"`, magic.toString(16));
  const version = cursor.unsigned32();
  if (version !== 2 && version !== 3) fail(`${file.path}: GGUF version`, "2 or 3, little-endian", version);
  const tensorCount = cursor.count("number of tensors", 24);
  const metadataCount = cursor.count("number of metadata entries", 13);

  const metadata = new Map<string, GgufValue>();
  const places = new Map<string, { readonly start: number; readonly end: number }>();
  const budget = { values: MOST_VALUES };
  for (let i = 0; i < metadataCount; i++) {
    const key = cursor.text("a metadata key");
    if (metadata.has(key)) fail(`${file.path}: metadata key`, "distinct keys", key);
    const start = cursor.position();
    metadata.set(key, value(file, cursor, key, cursor.unsigned32(), 0, budget));
    places.set(key, { start, end: cursor.position() });
  }
  const tensors = new Map<string, GgufTensor>();
  for (let i = 0; i < tensorCount; i++) {
    const tensor = description(file, cursor);
    if (tensors.has(tensor.name)) fail(`${file.path}: tensor name`, "distinct names", tensor.name);
    tensors.set(tensor.name, tensor);
  }
  const alignment = alignmentOf(file, metadata);
  const dataStart = Math.ceil(cursor.position() / alignment) * alignment;
  if (tensorCount > 0 && dataStart > file.size)
    fail(`${file.path}: size`, `more than ${dataStart} bytes (truncated?)`, file.size);
  return {
    metadata,
    places,
    tensors: [...tensors.values()].map((tensor) => placed(file, tensor, alignment, dataStart)),
    dataStart,
  };
}

function value(
  file: RangeFile,
  cursor: Cursor,
  key: string,
  type: number,
  depth: number,
  budget: { values: number },
): GgufValue {
  switch (type) {
    case 0:
      return cursor.unsigned8();
    case 1:
      return cursor.signed8();
    case 2:
      return cursor.unsigned16();
    case 3:
      return cursor.signed16();
    case 4:
      return cursor.unsigned32();
    case 5:
      return cursor.signed32();
    case 6:
      return cursor.float32();
    case 7:
      return cursor.unsigned8() !== 0;
    case 8:
      return cursor.text(key);
    case 9: {
      if (depth === DEEPEST_ARRAY)
        return fail(`${file.path}: ${key}`, `arrays at most ${DEEPEST_ARRAY} deep`, "deeper ones");
      const inner = cursor.unsigned32();
      const count = cursor.count(`length of ${key}`, BYTES_EACH[inner] ?? 1);
      budget.values -= count;
      if (budget.values < 0)
        fail(`${file.path}: length of ${key}`, `at most ${MOST_VALUES} values in all arrays`, count);
      const values: GgufValue[] = [];
      for (let i = 0; i < count; i++) values.push(value(file, cursor, key, inner, depth + 1, budget));
      return values;
    }
    case 10:
      return cursor.unsigned64();
    case 11:
      return cursor.signed64();
    case 12:
      return cursor.float64();
    default:
      return fail(`${file.path}: type of ${key}`, "a metadata type from 0 to 12", type);
  }
}

/** The fewest bytes that a value of each metadata type takes. */
const BYTES_EACH: readonly number[] = [1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8];

function description(file: RangeFile, cursor: Cursor): GgufTensor {
  const name = cursor.text("a tensor name");
  const what = `${file.path}: ${name}`;
  const axes = cursor.unsigned32();
  if (axes > 4) fail(`axes of ${what}`, "at most 4", axes);
  const shape = Array.from({ length: axes }, () => cursor.unsigned64()).reverse();
  const count = elements(what, shape);
  const code = cursor.unsigned32();
  const type = ggmlType(code);
  if (typeof type === "string") return fail(`type of ${what}`, `one of ${READ_TYPES}`, type);
  const width = shape[axes - 1] ?? 1;
  if (Number(width) % type.values !== 0)
    fail(`width of ${what}`, `a multiple of ${type.values} for ${type.name}`, width);
  const offset = cursor.unsigned64();
  if (typeof offset !== "number") return fail(`offset of ${what}`, "an offset inside the file", offset);
  return { name, shape: shape as number[], type, offset, bytes: (count / type.values) * type.bytes };
}

function placed(file: RangeFile, tensor: GgufTensor, alignment: number, dataStart: number): GgufTensor {
  if (tensor.offset % alignment !== 0)
    fail(`offset of ${file.path}: ${tensor.name}`, `a multiple of ${alignment}`, tensor.offset);
  return { ...tensor, offset: dataStart + tensor.offset };
}

function alignmentOf(file: RangeFile, metadata: GgufMetadata): number {
  const alignment = metadata.get("general.alignment") ?? 32;
  const valid =
    typeof alignment === "number" && alignment >= 8 && alignment <= 65536 && Number.isInteger(Math.log2(alignment));
  return valid ? alignment : fail(`${file.path}: general.alignment`, "a power of two from 8 to 65536", alignment);
}

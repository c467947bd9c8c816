import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { fail } from "../check/check";
import { writeAll, writeWhole } from "../disk/whole-file";
import { encoded, WRITTEN } from "./encode-type";
import { elements } from "./extents";

/** A tensor to be written, in fp32. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * Writes tensors as F32 safetensors, through a temporary name beside the target: the file is there whole or not at all.
 * For example `writeSafetensors("a.safetensors", [{ name: "w", shape: [2], data: Float32Array.of(1, 2) }], { note: "two" })`.
 * @throws when names repeat, a shape does not fit its data, or the disk is full (then no file is left behind)
 */
export function writeSafetensors(
  path: string,
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>> = {},
): void {
  const content = safetensors(tensors, metadata);
  if (!existsSync(dirname(path)))
    throw new Error(
      `${path}: cannot write the tensors: ENOENT: expected the folder ${dirname(path)}, got none; make it`,
    );
  writeWhole(path, content);
}

/** Gives the content of such a file, for those who save it with others. @throws when names repeat, or a shape does not fit its data */
export function safetensors(
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>> = {},
): (file: number) => void {
  for (const { name, shape, data } of tensors)
    if (elements(name, shape) !== data.length) fail(`data of ${name}`, `${elements(name, shape)} values`, data.length);
  return safetensorsOf(
    tensors.map(({ name, shape, data }) => ({ name, shape, type: "F32", read: () => data })),
    metadata,
  );
}

/** A tensor to be written in a type; its values are asked for when its turn comes. */
export interface TypedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: "F32" | "F16" | "BF16";
  /** In fp32. */
  read(): Float32Array;
}

/**
 * Gives the content of a safetensors file of any size, one tensor in memory at a time.
 * @throws when names repeat, or, while writing, values do not fit shape or type
 */
export function safetensorsOf(
  tensors: readonly TypedTensor[],
  metadata: Readonly<Record<string, string>> = {},
): (file: number) => void {
  const header = headerOf(tensors, metadata);
  return (file) => {
    writeAll(file, header);
    for (const { name, shape, type, read } of tensors) {
      const values = read();
      if (values.length !== elements(name, shape))
        fail(`data of ${name}`, `${elements(name, shape)} values`, values.length);
      // What is F32 already keeps its bits, those of a value that is no number too.
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      writeAll(file, type === "F32" ? bytes : encoded(name, type, values));
    }
  };
}

function headerOf(tensors: readonly TypedTensor[], metadata: Readonly<Record<string, string>>): Uint8Array {
  let end = 0;
  const entries = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) entries.set("__metadata__", metadata);
  for (const { name, shape, type } of tensors) {
    if (entries.has(name) || name === "__metadata__") fail("tensor name", "distinct names", name);
    const start = end;
    end += elements(name, shape) * WRITTEN[type].bytes;
    entries.set(name, { dtype: type, shape, data_offsets: [start, end] });
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  // Spaces at the end of the header keep the tensors aligned to 8 bytes.
  const padded = Math.ceil(json.length / 8) * 8;
  const header = Buffer.alloc(8 + padded, " ");
  header.writeBigUInt64LE(BigInt(padded), 0);
  json.copy(header, 8);
  return header;
}

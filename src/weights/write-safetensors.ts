import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { fail } from "../check/check";
import { writeAll, writeWhole } from "../disk/whole-file";
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
  const header = headerOf(tensors, metadata);
  return (file) => {
    writeAll(file, header);
    for (const { data } of tensors) writeAll(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  };
}

function headerOf(tensors: readonly NamedTensor[], metadata: Readonly<Record<string, string>>): Uint8Array {
  let end = 0;
  const entries = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) entries.set("__metadata__", metadata);
  for (const { name, shape, data } of tensors) {
    if (entries.has(name) || name === "__metadata__") fail("tensor name", "distinct names", name);
    if (elements(name, shape) !== data.length) fail(`data of ${name}`, `${elements(name, shape)} values`, data.length);
    entries.set(name, { dtype: "F32", shape, data_offsets: [end, (end += data.byteLength)] });
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  // Spaces at the end of the header keep the tensors aligned to 8 bytes.
  const padded = Math.ceil(json.length / 8) * 8;
  const header = Buffer.alloc(8 + padded, " ");
  header.writeBigUInt64LE(BigInt(padded), 0);
  json.copy(header, 8);
  return header;
}

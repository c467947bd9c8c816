import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { fail } from "../check/check";
import { elements } from "./extents";

/** A tensor to be written, in fp32. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * Writes tensors as F32 safetensors, through a temporary name beside the target: the file is there whole or not at all.
 * @throws when names repeat, a shape does not fit its data, or the disk is full (then no file is left behind)
 * @example writeSafetensors("a.safetensors", [{ name: "w", shape: [2], data: Float32Array.of(1, 2) }], { note: "two" })
 */
export function writeSafetensors(
  path: string,
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>> = {},
): void {
  const header = headerOf(tensors, metadata);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const descriptor = openSync(temporary, "w");
    try {
      writeWhole(descriptor, header);
      for (const { data } of tensors)
        writeWhole(descriptor, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new Error(`${path}: cannot write the tensors: ${error instanceof Error ? error.message : String(error)}`);
  }
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

function writeWhole(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(descriptor, bytes, done, bytes.length - done);
}

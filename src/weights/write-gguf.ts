import { fail } from "../check/check";
import { writeAll } from "../disk/whole-file";
import { encoded, WRITTEN } from "./encode-type";
import type { WrittenTypeName } from "./encode-type";
import { elements } from "./extents";
import { ggmlCode } from "./ggml-types";
import type { StoredType } from "./stored-type";

/** A metadata entry as its bytes lie in a file: type and value. */
export interface GgufEntry {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** A tensor to be written; its values are asked for when its turn comes. */
export interface GgufOutput {
  readonly name: string;
  /** In row-major order, as everywhere here; the file lists the contiguous axis first. */
  readonly shape: readonly number[];
  /** How its values are written, or ggml's type of bytes that are copied. */
  readonly type: WrittenTypeName | StoredType;
  /** In fp32; of bytes that are copied, themselves. */
  read(): Float32Array | Uint8Array;
}

/** Gives a metadata entry with the bytes that another file has for it. */
export const ggufCopied = (key: string, bytes: Uint8Array): GgufEntry => ({ key, bytes });

/** Tensors begin at multiples of this. */
const ALIGNMENT = 32;
const MAGIC = 0x46554747;
const VERSION = 3;

/** Gives a metadata entry that is a text. */
export const ggufText = (key: string, value: string): GgufEntry => ({ key, bytes: joined(u32(8), text(value)) });

/** Gives a metadata entry that is an fp32 number. */
export function ggufFloat32(key: string, value: number): GgufEntry {
  return { key, bytes: joined(u32(6), new Uint8Array(Float32Array.of(value).buffer)) };
}

/** Gives a metadata entry that is a whole number of 32 bits. */
export const ggufUnsigned32 = (key: string, value: number): GgufEntry => ({ key, bytes: joined(u32(4), u32(value)) });

/**
 * Gives the content of a GGUF file (version 3), for `writeWhole`: header, then each tensor, one after another.
 * For example `writeWhole("a.gguf", gguf([ggufText("general.type", "adapter")], tensors))`.
 * @throws when keys or names repeat, a row is no whole number of blocks, or, while writing, values do not fit shape or type
 * Source: the format's description, github.com/ggml-org/ggml/blob/master/docs/gguf.md.
 */
export function gguf(entries: readonly GgufEntry[], tensors: readonly GgufOutput[]): (file: number) => void {
  distinct(
    "metadata key",
    entries.map(({ key }) => key),
  );
  distinct("tensor name", tensors.map(({ name }) => name)); // prettier-ignore
  let offset = 0;
  const descriptions = tensors.map(({ name, shape, type }) => {
    const { values, bytes } = formOf(type);
    const code = typeof type === "string" ? WRITTEN[type].code : ggmlCode(type);
    const width = shape.at(-1) ?? 1;
    if (width % values !== 0) fail(`width of ${name}`, `a multiple of ${values} for ${type}`, width);
    const start = offset;
    offset = aligned(offset + (elements(name, shape) / values) * bytes);
    return joined(text(name), u32(shape.length), ...[...shape].reverse().map(u64), u32(code), u64(start));
  });
  const header = joined(
    u32(MAGIC),
    u32(VERSION),
    u64(tensors.length),
    u64(entries.length),
    ...entries.flatMap(({ key, bytes }) => [text(key), bytes]),
    ...descriptions,
  );
  return (file) => {
    writeAll(file, padded(header));
    for (const { name, shape, type, read } of tensors) {
      const content = read();
      const { values, bytes } = formOf(type);
      const expected =
        content instanceof Float32Array ? elements(name, shape) : (elements(name, shape) / values) * bytes;
      if (content.length !== expected) fail(`data of ${name}`, `${expected} values or bytes`, content.length);
      const copied = typeof type !== "string" && content instanceof Uint8Array;
      if (!copied && !(typeof type === "string" && content instanceof Float32Array))
        return fail(
          `data of ${name}`,
          "numbers in fp32, or the bytes of a type that is copied",
          content.constructor.name,
        );
      writeAll(file, padded(copied ? content : encoded(name, type as WrittenTypeName, content as Float32Array)));
    }
  };
}

function formOf(type: GgufOutput["type"]): { readonly values: number; readonly bytes: number } {
  return typeof type === "string" ? WRITTEN[type] : type;
}

function distinct(what: string, names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) fail(what, "distinct ones", twice);
}

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

function padded(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(aligned(bytes.length));
  out.set(bytes);
  return out;
}

const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

function u32(value: number): Uint8Array {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
}

function u64(value: number): Uint8Array {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt(value));
  return out;
}

function text(value: string): Uint8Array {
  const bytes = Buffer.from(value, "utf8");
  return joined(u64(bytes.length), bytes);
}

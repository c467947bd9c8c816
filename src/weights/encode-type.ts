import { fail } from "../check/check";
import { halfBits } from "./half";

/** How values are written: blocks of `values` numbers in `bytes` bytes each. */
export interface WrittenType {
  /** ggml's number. */
  readonly code: number;
  readonly values: number;
  readonly bytes: number;
  /** Encodes whole blocks into `target`, which has room for exactly their bytes. */
  encode(source: Float32Array, target: Uint8Array): void;
}

/** Types that are written, by name: those of `stored-type.ts` with the same names decode them. */
export const WRITTEN = {
  F32: {
    code: 0,
    values: 1,
    bytes: 4,
    encode: (source, target) => target.set(new Uint8Array(source.buffer, source.byteOffset, source.byteLength)),
  },
  F16: {
    code: 1,
    values: 1,
    bytes: 2,
    encode: (source, target) => source.forEach((value, i) => put16(target, 2 * i, halfBits(value))),
  },
  /** The upper 16 bits of fp32, rounded to nearest, ties to even. */
  BF16: {
    code: 30,
    values: 1,
    bytes: 2,
    encode(source, target) {
      const bits = new Uint32Array(Float32Array.from(source).buffer);
      bits.forEach((value, i) => put16(target, 2 * i, (value + 0x7fff + ((value >>> 16) & 1)) >>> 16));
    },
  },
  /** d = max |x| / 127, q = x / d to the nearest whole number. */
  Q8_0: {
    code: 8,
    values: 32,
    bytes: 34,
    encode: inBlocks(32, (block, target, at) => {
      const largest = block.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const d = Math.fround(largest / 127);
      const inverse = d === 0 ? 0 : Math.fround(1 / d);
      at = put16(target, at, halfBits(d));
      block.forEach((value, i) => (target[at + i] = awayRound(Math.fround(value * inverse)) & 255));
      return at + 32;
    }),
  },
  /** d = (max x - min x) / 15, m = min x, q = (x - m) / d to the nearest whole number; nibbles as in Q4_0. */
  Q4_1: {
    code: 3,
    values: 32,
    bytes: 20,
    encode: inBlocks(32, (block, target, at) => {
      const [m, most] = [Math.min(...block), Math.max(...block)];
      const d = Math.fround(Math.fround(most - m) / 15);
      const inverse = d === 0 ? 0 : Math.fround(1 / d);
      const code = (i: number): number =>
        Math.min(15, Math.trunc(Math.fround(Math.fround(Math.fround(block[i]! - m) * inverse) + 0.5)));
      at = put16(target, put16(target, at, halfBits(d)), halfBits(m));
      for (let i = 0; i < 16; i++) target[at + i] = code(i) | (code(16 + i) << 4);
      return at + 16;
    }),
  },
} as const satisfies Readonly<Record<string, WrittenType>>;

export type WrittenTypeName = keyof typeof WRITTEN;

/**
 * Encodes a tensor's values.
 * @param what its name, for messages
 * @throws when its values are no whole blocks, or one of them is too large for the type's half-precision numbers
 * @example encoded("w", "F16", Float32Array.of(1)) // Uint8Array [0, 0x3c]
 */
export function encoded(what: string, type: WrittenTypeName, values: Float32Array): Uint8Array {
  const { values: each, bytes, encode }: WrittenType = WRITTEN[type];
  if (values.length % each !== 0) fail(`values of ${what}`, `a multiple of ${each} for ${type}`, values.length);
  const most = type === "F32" || type === "BF16" ? Infinity : type === "Q8_0" ? 127 * MOST_HALF : MOST_HALF;
  const beyond = values.findIndex((value) => !(Math.abs(value) <= most && Number.isFinite(value)));
  if (beyond >= 0) fail(`${what}[${beyond}]`, `a number of at most ${most} for ${type} (F32 has room)`, values[beyond]);
  const target = new Uint8Array((values.length / each) * bytes);
  encode(values, target);
  return target;
}

const MOST_HALF = 65504;

/** Encodes block after block: `write` puts one at a place and gives the place after it. */
function inBlocks(
  values: number,
  write: (block: Float32Array, target: Uint8Array, at: number) => number,
): WrittenType["encode"] {
  return (source, target) => {
    let at = 0;
    for (let from = 0; from < source.length; from += values)
      at = write(source.subarray(from, from + values), target, at);
  };
}

/** Puts two bytes and gives the place after them. */
function put16(target: Uint8Array, at: number, bits: number): number {
  target[at] = bits & 255;
  target[at + 1] = bits >>> 8;
  return at + 2;
}

/** C's roundf: halves go away from zero. */
function awayRound(value: number): number {
  return value < 0 ? -Math.floor(0.5 - value) : Math.floor(0.5 + value);
}

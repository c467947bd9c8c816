import type { BlockCodes } from "../ops/ops";
import { half } from "./half";

/** How values lie in a file: blocks of `values` numbers in `bytes` bytes each, decoded to fp32. */
export interface StoredType {
  readonly name: string;
  readonly values: number;
  readonly bytes: number;
  /** Decodes whole blocks into `target`, which has room for exactly their values. */
  decode(source: Uint8Array, target: Float32Array): void;
  /** Of types that an engine can multiply by as they are. */
  readonly codes?: CodedType;
}

/** How a block's numbers come of whole codes: x = scale (q - zero), or scale q + offset. */
export interface CodedType {
  readonly bits: 4 | 8;
  readonly zero: number | null;
  /** Takes whole blocks apart: one code a byte, a scale and an offset for each block. */
  split(source: Uint8Array, into: BlockCodes): void;
}

/** 32-bit floats, little-endian. */
export const F32: StoredType = {
  name: "F32",
  values: 1,
  bytes: 4,
  decode: (source, target) => new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(source),
};

/** IEEE half precision: sign 1, exponent 5, fraction 10. */
export const F16: StoredType = {
  name: "F16",
  values: 1,
  bytes: 2,
  decode(source, target) {
    for (let i = 0; i < target.length; i++) target[i] = half(source, 2 * i);
  },
};

/** The upper 16 bits of a 32-bit float. */
export const BF16: StoredType = {
  name: "BF16",
  values: 1,
  bytes: 2,
  decode(source, target) {
    const bits = new Uint32Array(target.buffer, target.byteOffset, target.length);
    for (let i = 0; i < bits.length; i++) bits[i] = ((source[2 * i + 1]! << 24) | (source[2 * i]! << 16)) >>> 0;
  },
};

/** GGUF Q8_0: 32 values, x = d q with d a half and q int8 (34 bytes). */
export const Q8_0: StoredType = {
  name: "Q8_0",
  values: 32,
  bytes: 34,
  decode(source, target) {
    for (let at = 0, to = 0; to < target.length; at += 34, to += 32) {
      const d = half(source, at);
      for (let i = 0; i < 32; i++) target[to + i] = d * ((source[at + 2 + i]! << 24) >> 24);
    }
  },
  codes: {
    bits: 8,
    zero: 128,
    split(source, { values, scales }) {
      for (let b = 0, at = 0; b < scales.length; b++, at += 34) {
        scales[b] = half(source, at);
        for (let i = 0; i < 32; i++) values[32 * b + i] = source[at + 2 + i]! ^ 128;
      }
    },
  },
};

/** GGUF Q4_0: 32 values, x = d (q - 8); the low nibbles are values 0..15, the high ones 16..31 (18 bytes). */
export const Q4_0: StoredType = {
  name: "Q4_0",
  values: 32,
  bytes: 18,
  decode(source, target) {
    for (let at = 0, to = 0; to < target.length; at += 18, to += 32) {
      const d = half(source, at);
      for (let i = 0; i < 16; i++) {
        const pair = source[at + 2 + i]!;
        target[to + i] = d * ((pair & 15) - 8);
        target[to + 16 + i] = d * ((pair >> 4) - 8);
      }
    }
  },
  codes: {
    bits: 4,
    zero: 8,
    split(source, { values, scales }) {
      for (let b = 0, at = 0; b < scales.length; b++, at += 18) {
        scales[b] = half(source, at);
        splitNibbles(source, at + 2, values, 32 * b);
      }
    },
  },
};

/** GGUF Q4_1: 32 values, x = d q + m with d, m halves (d q is exact in fp32, so there is one rounding); nibbles as in Q4_0 (20 bytes). */
export const Q4_1: StoredType = {
  name: "Q4_1",
  values: 32,
  bytes: 20,
  decode(source, target) {
    for (let at = 0, to = 0; to < target.length; at += 20, to += 32) {
      const d = half(source, at);
      const m = half(source, at + 2);
      for (let i = 0; i < 16; i++) {
        const pair = source[at + 4 + i]!;
        target[to + i] = d * (pair & 15) + m;
        target[to + 16 + i] = d * (pair >> 4) + m;
      }
    }
  },
  codes: {
    bits: 4,
    zero: null,
    split(source, { values, scales, offsets }) {
      for (let b = 0, at = 0; b < scales.length; b++, at += 20) {
        scales[b] = half(source, at);
        offsets[b] = half(source, at + 2);
        splitNibbles(source, at + 4, values, 32 * b);
      }
    },
  },
};

/** 32 codes of 4 bits in 16 bytes: the low halves are the first 16, the high ones the others. */
function splitNibbles(source: Uint8Array, at: number, values: Uint8Array, to: number): void {
  for (let i = 0; i < 16; i++) {
    values[to + i] = source[at + i]! & 15;
    values[to + 16 + i] = source[at + i]! >> 4;
  }
}

/** GGUF Q5_0: 32 values, x = d (q - 16); q has its low four bits in nibbles as in Q4_0 and its fifth in a mask of 32 bits (22 bytes). */
export const Q5_0: StoredType = {
  name: "Q5_0",
  values: 32,
  bytes: 22,
  decode(source, target) {
    for (let at = 0, to = 0; to < target.length; at += 22, to += 32) {
      const d = half(source, at);
      const fifth = unsigned32(source, at + 2);
      for (let i = 0; i < 16; i++) {
        const pair = source[at + 6 + i]!;
        target[to + i] = d * ((pair & 15) + 16 * ((fifth >>> i) & 1) - 16);
        target[to + 16 + i] = d * ((pair >> 4) + 16 * ((fifth >>> (16 + i)) & 1) - 16);
      }
    }
  },
};

/** GGUF Q5_1: 32 values, x = d q + m with q as in Q5_0 (24 bytes). */
export const Q5_1: StoredType = {
  name: "Q5_1",
  values: 32,
  bytes: 24,
  decode(source, target) {
    for (let at = 0, to = 0; to < target.length; at += 24, to += 32) {
      const d = half(source, at);
      const m = half(source, at + 2);
      const fifth = unsigned32(source, at + 4);
      for (let i = 0; i < 16; i++) {
        const pair = source[at + 8 + i]!;
        target[to + i] = d * ((pair & 15) + 16 * ((fifth >>> i) & 1)) + m;
        target[to + 16 + i] = d * ((pair >> 4) + 16 * ((fifth >>> (16 + i)) & 1)) + m;
      }
    }
  },
};

function unsigned32(source: Uint8Array, at: number): number {
  return (source[at]! | (source[at + 1]! << 8) | (source[at + 2]! << 16) | (source[at + 3]! << 24)) >>> 0;
}

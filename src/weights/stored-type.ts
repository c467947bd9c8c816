/** How values lie in a file: blocks of `values` numbers in `bytes` bytes each, decoded to fp32. */
export interface StoredType {
  readonly name: string;
  readonly values: number;
  readonly bytes: number;
  /** Decodes whole blocks into `target`, which has room for exactly their values. */
  decode(source: Uint8Array, target: Float32Array): void;
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
};

const HALVES = halfTable();

function half(source: Uint8Array, at: number): number {
  return HALVES[source[at]! | (source[at + 1]! << 8)]!;
}

/** Every half-precision number by its 16 bits. */
function halfTable(): Float32Array {
  return Float32Array.from({ length: 65536 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}

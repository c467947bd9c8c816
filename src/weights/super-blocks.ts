import { half } from "./half";
import type { StoredType } from "./stored-type";

/**
 * GGUF's blocks of 256 values ("K-quants"): sub-blocks of 16 or 32 values with small integer scales under one or two halves,
 *   x = d s q             or  x = d s q - e m   (s, m: a sub-block's scale and minimum; d, e: the block's halves).
 * d s q and e m are exact in 53 bits and so is their difference, so there is one rounding, to fp32, as in C.
 * Sub-block i is 2 bits (or a nibble) of each byte of a run: values of one run of 32 bytes follow each other shift by shift.
 * Source: the block structures of github.com/ggml-org/ggml, src/ggml-common.h; judged by the Python package gguf.
 */
const VALUES = 256;

/** 4-bit scale and minimum for each 16 values, q of 2 bits: scales 16, quants 64, d, e (84 bytes). */
export const Q2_K: StoredType = superBlock("Q2_K", 84, (source, at, target, to) => {
  const d = half(source, at + 80);
  const e = half(source, at + 82);
  for (let sub = 0; sub < 16; sub++) {
    const scale = d * (source[at + sub]! & 15);
    const minimum = e * (source[at + sub]! >> 4);
    const { bytes, shift } = crumbs(sub);
    for (let i = 0; i < 16; i++)
      target[to + 16 * sub + i] = scale * ((source[at + 16 + bytes + i]! >> shift) & 3) - minimum;
  }
});

/** 6-bit scale for each 16 values, q of 2 bits and a third in a mask, minus 4: mask 32, quants 64, scales 12, d (110 bytes). */
export const Q3_K: StoredType = superBlock("Q3_K", 110, (source, at, target, to) => {
  const d = half(source, at + 108);
  for (let sub = 0; sub < 16; sub++) {
    const low = (source[at + 96 + (sub & 7)]! >> (sub < 8 ? 0 : 4)) & 15;
    const high = (source[at + 104 + (sub & 3)]! >> (2 * (sub >> 2))) & 3;
    const scale = d * ((low | (high << 4)) - 32);
    const { bytes, shift } = crumbs(sub);
    const mask = at + 16 * (sub & 1);
    const bit = sub >> 1;
    for (let i = 0; i < 16; i++) {
      const third = (source[mask + i]! >> bit) & 1;
      target[to + 16 * sub + i] = scale * (((source[at + 32 + bytes + i]! >> shift) & 3) + 4 * third - 4);
    }
  }
});

/** 6-bit scale and minimum for each 32 values, q of 4 bits: d, e, scales 12, quants 128 (144 bytes). */
export const Q4_K: StoredType = superBlock("Q4_K", 144, (source, at, target, to) => {
  const d = half(source, at);
  const e = half(source, at + 2);
  for (let sub = 0; sub < 8; sub++) {
    const scale = d * scaleOf(source, at + 4, sub);
    const minimum = e * minimumOf(source, at + 4, sub);
    const quants = at + 16 + 32 * (sub >> 1);
    const shift = 4 * (sub & 1);
    for (let i = 0; i < 32; i++) target[to + 32 * sub + i] = scale * ((source[quants + i]! >> shift) & 15) - minimum;
  }
});

/** As Q4_K with a fifth bit in a mask: d, e, scales 12, mask 32, quants 128 (176 bytes). */
export const Q5_K: StoredType = superBlock("Q5_K", 176, (source, at, target, to) => {
  const d = half(source, at);
  const e = half(source, at + 2);
  for (let sub = 0; sub < 8; sub++) {
    const scale = d * scaleOf(source, at + 4, sub);
    const minimum = e * minimumOf(source, at + 4, sub);
    const quants = at + 48 + 32 * (sub >> 1);
    const shift = 4 * (sub & 1);
    for (let i = 0; i < 32; i++) {
      const fifth = (source[at + 16 + i]! >> sub) & 1;
      target[to + 32 * sub + i] = scale * (((source[quants + i]! >> shift) & 15) + 16 * fifth) - minimum;
    }
  }
});

/** 8-bit scale for each 16 values, q of 4 bits and 2 more, minus 32: low 128, high 64, scales 16, d (210 bytes). */
export const Q6_K: StoredType = superBlock("Q6_K", 210, (source, at, target, to) => {
  const d = half(source, at + 208);
  for (let sub = 0; sub < 16; sub++) {
    const scale = d * ((source[at + 192 + sub]! << 24) >> 24);
    const { bytes, shift } = crumbs(sub);
    // 128 values are 64 bytes of nibbles: first all low ones, then all high ones.
    const low = at + 64 * (sub >> 3) + 16 * (sub & 3);
    const nibble = sub & 4;
    for (let i = 0; i < 16; i++) {
      const high = (source[at + 128 + bytes + i]! >> shift) & 3;
      target[to + 16 * sub + i] = scale * (((source[low + i]! >> nibble) & 15) + 16 * high - 32);
    }
  }
});

/** 6-bit scale minus 32 for each 32 values, q an index into 16 levels: d, high bits 2, low bits 4, quants 128 (136 bytes). */
export const IQ4_XS: StoredType = superBlock("IQ4_XS", 136, (source, at, target, to) => {
  const d = half(source, at);
  const high = source[at + 2]! | (source[at + 3]! << 8);
  for (let sub = 0; sub < 8; sub++) {
    const low = (source[at + 4 + (sub >> 1)]! >> (4 * (sub & 1))) & 15;
    levels(source, at + 8 + 16 * sub, d * ((low | (((high >> (2 * sub)) & 3) << 4)) - 32), target, to + 32 * sub);
  }
});

/** 32 values, x = d level[q] (18 bytes); nibbles as in Q4_0. */
export const IQ4_NL: StoredType = {
  name: "IQ4_NL",
  values: 32,
  bytes: 18,
  decode(source, target) {
    for (let at = 0, to = 0; to < target.length; at += 18, to += 32)
      levels(source, at + 2, half(source, at), target, to);
  },
};

/** The levels of the IQ4 types: closer together near 0. */
const LEVELS = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113] as const;

function levels(source: Uint8Array, at: number, scale: number, target: Float32Array, to: number): void {
  for (let i = 0; i < 16; i++) {
    target[to + i] = scale * LEVELS[source[at + i]! & 15]!;
    target[to + 16 + i] = scale * LEVELS[source[at + i]! >> 4]!;
  }
}

/** Where sub-block `sub` of 16 values has its pairs of bits: in a run of 32 bytes for each 128 values, two more of each byte every second sub-block. */
function crumbs(sub: number): { readonly bytes: number; readonly shift: number } {
  return { bytes: 32 * (sub >> 3) + 16 * (sub & 1), shift: sub & 6 };
}

/** Scales 0..3 are six bits of bytes 0..3; of 4..7 the low nibble is in bytes 8..11, the upper two bits above the first four. */
function scaleOf(source: Uint8Array, at: number, sub: number): number {
  return sub < 4 ? source[at + sub]! & 63 : (source[at + 4 + sub]! & 15) | ((source[at + sub - 4]! >> 6) << 4);
}

/** Minima likewise: bytes 4..7, and the high nibble of bytes 8..11. */
function minimumOf(source: Uint8Array, at: number, sub: number): number {
  return sub < 4 ? source[at + 4 + sub]! & 63 : (source[at + 4 + sub]! >> 4) | ((source[at + sub]! >> 6) << 4);
}

function superBlock(
  name: string,
  bytes: number,
  one: (source: Uint8Array, at: number, target: Float32Array, to: number) => void,
): StoredType {
  return {
    name,
    values: VALUES,
    bytes,
    decode(source, target) {
      for (let at = 0, to = 0; to < target.length; at += bytes, to += VALUES) one(source, at, target, to);
    },
  };
}

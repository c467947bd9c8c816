import { nonNegativeInteger } from "../check/check";
import { generatorWords, type RandomKey } from "./key";
import { threefry, type Words } from "./threefry";

/**
 * Draws standard normals by Box-Muller from two 32-bit words (u, v) each:
 *   radius^2 = -2 ln((u + 1/2) / 2^32),  angle = pi/4 + psi with psi from 30 bits of v in (-pi/4, pi/4), two sign bits,
 *   x = +-sqrt(-ln) (cos psi - sin psi),  y = +-sqrt(-ln) (cos psi + sin psi).
 * Logarithm, sine and cosine are a table and polynomials (error below 1e-10, far under Float32's): faster than
 * Math.*, and only + - * / sqrt, so the bits do not depend on the machine or on the version of Node.
 * The largest value possible is 6.76. A shorter array is a prefix of a longer one.
 * @param size number of values
 * @throws when size is not a non-negative integer
 * @example normals(randomKey(0, "direction", 0, 0), 2) // [-0.820519, 0.188700], on every machine
 */
export function normals(key: RandomKey, size: number): Float32Array {
  const out = new Float32Array(nonNegativeInteger("size", size));
  normalsInto(key, out);
  return out;
}

/** Small enough that the words of a piece are still in the processor's first cache when they become normals. */
const pieceSize = 4096;

/** Fills `out` with the key's standard normals; the random words are made in its own memory, so nothing is allocated per block. */
export function normalsInto(key: RandomKey, out: Float32Array): void {
  const words = generatorWords(key);
  const whole = out.length - (out.length % 4);
  for (let start = 0; start < whole; start += pieceSize) {
    fill(words.key, words.counter, start / 4, out.subarray(start, Math.min(start + pieceSize, whole)));
  }
  if (whole === out.length) return;
  const tail = new Float32Array(4);
  fill(words.key, words.counter, whole / 4, tail);
  out.set(tail.subarray(0, out.length - whole), whole);
}

function fill(key: Words, counter: Words, block: number, piece: Float32Array): void {
  const words = new Uint32Array(piece.buffer, piece.byteOffset, piece.length);
  threefry(key, [block, counter[1], counter[2], counter[3]], words);
  normalsFromWords(words, piece);
}

const ln2 = 0.6931471805599453;
const angleUnit = Math.PI / 2 ** 31;

/** 2^(k - 31) for k leading zeros: brings u + 1/2 into [1, 2). */
const powers = Float64Array.from({ length: 33 }, (_, zeros) => 2 ** (zeros - 31));
/** 1 / middle of each of 128 intervals of [1, 2), and the negative logarithm of that. */
const inverses = Float64Array.from({ length: 128 }, (_, i) => 256 / (257 + 2 * i));
const logarithms = inverses.map((inverse) => {
  // -ln y = -2 artanh s with s = (y - 1) / (y + 1), |s| <= 1/3: 24 terms leave less than 1e-23
  const s = (inverse - 1) / (inverse + 1);
  let sum = 0;
  for (let term = 47; term >= 1; term -= 2) sum = sum * s * s + 1 / term;
  return -2 * s * sum;
});

/** words and out may be the same memory: each pair is read before it is written. */
function normalsFromWords(words: Uint32Array, out: Float32Array): void {
  for (let i = 0; i + 1 < words.length; i += 2) {
    const u = words[i];
    const v = words[i + 1];
    const zeros = Math.clz32(u);
    const interval = ((u << zeros) >>> 24) & 127;
    const r = (u + 0.5) * powers[zeros] * inverses[interval] - 1;
    const log1p = r * (1 - r * (1 / 2 - r * (1 / 3 - r * (1 / 4 - r * (1 / 5)))));
    const radius = Math.sqrt((zeros + 1) * ln2 - logarithms[interval] - log1p);
    const psi = ((v & 0x3fffffff) - 0x1fffffff - 0.5) * angleUnit;
    const t = psi * psi;
    const sine = psi * (1 - t * (1 / 6 - t * (1 / 120 - t * (1 / 5040 - t * (1 / 362880 - t / 39916800)))));
    const cosine = 1 - t * (1 / 2 - t * (1 / 24 - t * (1 / 720 - t * (1 / 40320 - t * (1 / 3628800 - t / 479001600)))));
    out[i] = (1 - ((v >>> 30) & 2)) * radius * (cosine - sine);
    out[i + 1] = (1 - ((v >>> 29) & 2)) * radius * (cosine + sine);
  }
}

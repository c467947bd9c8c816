import { fail, nonNegativeInteger, positiveInteger } from "../check/check";
import { bitsInto } from "./bits";
import type { RandomKey } from "./key";

/**
 * Draws uniform numbers in [0, 1), multiples of 2^-24, so that Float32 holds them exactly.
 * @throws when size is not a non-negative integer
 * @example uniforms(randomKey(0, "sample"), 3).length // 3
 */
export function uniforms(key: RandomKey, size: number): Float32Array {
  const out = new Float32Array(nonNegativeInteger("size", size));
  const words = new Uint32Array(out.buffer);
  bitsInto(key, words);
  for (let i = 0; i < size; i++) out[i] = (words[i] >>> 8) * 2 ** -24;
  return out;
}

/**
 * Draws integers uniformly from 0..bound-1, with replacement, each from 53 random bits (bias below bound / 2^53).
 * @throws when size is not a non-negative integer, or bound not an integer in 1..2^32
 * @example integers(randomKey(0, "sample"), 4, 1) // [0, 0, 0, 0]
 */
export function integers(key: RandomKey, size: number, bound: number): readonly number[] {
  nonNegativeInteger("size", size);
  checkBound("bound", bound);
  const words = new Uint32Array(2 * size);
  bitsInto(key, words);
  return Array.from({ length: size }, (_, i) => draw(words, i, bound));
}

/** @internal Gives the i-th draw from 0..bound-1: floor(bound * f), f a multiple of 2^-53 in [0, 1). */
export function draw(words: Uint32Array, i: number, bound: number): number {
  return Math.floor(bound * ((words[2 * i] >>> 11) * 2 ** -21 + words[2 * i + 1] * 2 ** -53));
}

function checkBound(what: string, bound: number): void {
  if (positiveInteger(what, bound) > 2 ** 32) fail(what, "at most 2^32", bound);
}

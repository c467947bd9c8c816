import { fail, nonNegativeInteger } from "../check/check";
import type { Words } from "./threefry";

/**
 * What random numbers are for. Each name is a word of the generator's key, so two streams of one seed never share a block.
 * The numbers are part of the format of every recorded run: never change or reuse one.
 */
export const streams = {
  initialization: 1,
  bias: 2,
  direction: 3,
  mask: 4,
  batch: 5,
  split: 6,
  sample: 7,
  bootstrap: 8,
  check: 9,
  table: 10,
  left: 11,
  right: 12,
  basis: 13,
  unmeasured: 14,
  own: 15,
  rounding: 16,
  settling: 17,
  rescaling: 18,
  decomposition: 19,
  writing: 20,
  dropping: 21,
  perturbing: 24,
  extrapolating: 25,
  generator: 26,
  filterNormalised: 27,
} as const;

export type StreamName = keyof typeof streams;

/** Names one sequence of random numbers: the same key gives the same bits on every machine. */
export interface RandomKey {
  /** A non-negative safe integer. */
  readonly seed: number;
  readonly stream: StreamName;
  /** Up to three 32-bit words, for example [step, query]. */
  readonly index: readonly number[];
}

const wordRange = 0x1_0000_0000;

/**
 * Makes a key of random numbers.
 * @throws when the seed, the stream or an index is out of range
 * @example randomKey(7, "direction", 12, 0) // { seed: 7, stream: "direction", index: [12, 0] }
 */
export function randomKey(seed: number, stream: StreamName, ...index: readonly number[]): RandomKey {
  nonNegativeInteger("seed", seed);
  if (!Object.hasOwn(streams, stream)) fail("stream", `one of ${Object.keys(streams).join(", ")}`, stream);
  if (index.length > 3) fail("index", "at most 3 words", index);
  index.forEach((word, i) => {
    if (nonNegativeInteger(`index[${i}]`, word) >= wordRange) fail(`index[${i}]`, "less than 2^32", word);
  });
  return { seed, stream, index };
}

/** Gives the generator's key (seed low, seed high, stream, number of index words) and first counter (0, index). */
export function generatorWords(key: RandomKey): { readonly key: Words; readonly counter: Words } {
  const { seed, stream, index } = key;
  return {
    key: [seed % wordRange, Math.floor(seed / wordRange), streams[stream], index.length],
    counter: [0, index[0] ?? 0, index[1] ?? 0, index[2] ?? 0],
  };
}

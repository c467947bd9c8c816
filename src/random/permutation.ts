import { fail, nonNegativeInteger } from "../check/check";
import { bitsInto } from "./bits";
import type { RandomKey } from "./key";
import { draw } from "./uniforms";

/**
 * Makes a uniformly random order of 0..size-1 (Fisher and Yates).
 * @throws when size is not a non-negative integer
 * @example [...permutation(randomKey(0, "batch", 3), 4)].sort() // [0, 1, 2, 3]
 */
export function permutation(key: RandomKey, size: number): readonly number[] {
  const order = Array.from({ length: nonNegativeInteger("size", size) }, (_, i) => i);
  const words = new Uint32Array(2 * size);
  bitsInto(key, words);
  for (let last = size - 1; last > 0; last--) {
    const other = draw(words, last, last + 1);
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

/** Gives the items in a random order; the given array is left as it is. */
export function shuffled<T>(key: RandomKey, items: readonly T[]): readonly T[] {
  return permutation(key, items.length).map((i) => items[i]);
}

/**
 * Draws `count` different items in a random order.
 * @throws when there are fewer items than that
 */
export function sampled<T>(key: RandomKey, items: readonly T[], count: number): readonly T[] {
  if (nonNegativeInteger("count", count) > items.length)
    fail("count", `at most the ${items.length} items there are`, count);
  return shuffled(key, items).slice(0, count);
}

import { fail, positiveInteger } from "../../check/check";
import { bitsInto } from "../../random/bits";
import { randomKey, type RandomKey } from "../../random/key";
import { normals } from "../../random/normals";
import { pairKernel, type PairKernel } from "../../tree/pair-kernel";
import type { Direction, DirectionKind } from "../direction";
import { directionKey } from "./key";

/** Numbers of a direction that are taken from the table at one place. */
const BLOCK = 16384;

/** T: 2^bits standard normals of the seed, once more round its end, in the memory of a kernel. */
interface Table {
  readonly seed: number;
  readonly bits: number;
  readonly kernel: PairKernel;
}

/** The table has 2^bits numbers. */
export interface NoiseTable {
  readonly bits: number;
}

/** Pieces of one table of 2^bits standard normals, for hundreds of millions of parameters: cheap, not independent (see `tableDirection`). */
export const table: DirectionKind<NoiseTable> = {
  check(what, { bits }) {
    if (positiveInteger(`${what}.bits`, bits) > 24) fail(`${what}.bits`, "at most 24 (64 MiB)", bits);
  },
  again: true,
  open:
    ({ bits }, at) =>
    (query) =>
      tableDirection(bits, at.seed, directionKey(at, query), at.layout.size),
};

/**
 * Makes a direction made of pieces of one table of standard normals, for parameters by the hundred million: nothing is computed for a
 * number but its place, and z itself is never stored. It is still a pure function of (seed, step, query).
 * What it is not: independent normals. Numbers of a block are neighbours in a table of 2^bits, so there are 2^(bits + 1) different
 * blocks (less where they overlap), and for one table E[z_i z_j] is the identity only up to about 2^(-bits / 2): the signs make
 * it exactly 0 between blocks, inside a block it is the table's own correlation at that distance.
 * For example `tableDirection(20, 0, randomKey(0, "direction", 3, 1), 134_515_008).addInPlace(gradient, 0.1)`.
 * @param key of the blocks' words
 * Source: the shared noise table of evolution strategies, Salimans et al., arXiv 1703.03864, section 2.1. Departs: there one offset
 *   serves all parameters; here each block has its own offset and sign.
 */
export function tableDirection(bits: number, seed: number, key: RandomKey, size: number): Direction {
  const { memory, pair } = tableOf(seed, bits).kernel;
  const words = new Uint32Array(Math.ceil(size / BLOCK));
  bitsInto(key, words);
  const [y, plus, minus] = [0, 1, 2].map((i) => tableSize(bits) + i * BLOCK) as [number, number, number];
  /** Calls `use` for each block, with y at its place in the kernel's memory and y + a z and y - a z computed. */
  const blocks = (from: Float32Array, a: number, use: (start: number, count: number) => void): void => {
    words.forEach((word, b) => {
      const start = b * BLOCK;
      const count = Math.min(BLOCK, size - start);
      memory.set(from.subarray(start, start + count), y);
      pair(y, word % 2 ** bits, plus, minus, count, word >>> 31 ? -a : a);
      use(start, count);
    });
  };
  const result = (at: number, count: number): Float32Array => memory.subarray(at, at + count);
  return {
    spreadInto: (up, down, a, point) =>
      blocks(point, a, (start, count) => {
        up.set(result(plus, count), start);
        down.set(result(minus, count), start);
      }),
    addInPlace: (out, a) => blocks(out, a, (start, count) => out.set(result(plus, count), start)),
  };
}

const tableSize = (bits: number): number => 2 ** bits + BLOCK;

/** The newest table: a run uses one, and making it again gives the same. */
let newest: Table | null = null;

function tableOf(seed: number, bits: number): Table {
  if (newest?.seed === seed && newest.bits === bits) return newest;
  const kernel = pairKernel(tableSize(bits) + 3 * BLOCK);
  const values = normals(randomKey(seed, "table", bits), 2 ** bits);
  for (let at = 0; at < tableSize(bits); at += values.length)
    kernel.memory.set(values.subarray(0, Math.min(values.length, tableSize(bits) - at)), at);
  return (newest = { seed, bits, kernel });
}

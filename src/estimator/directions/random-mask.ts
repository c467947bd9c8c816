import { fail, positiveInteger, positiveNumber } from "../../check/check";
import { bitsInto } from "../../random/bits";
import { randomKey } from "../../random/key";
import { drawStored, type DirectionKind } from "../direction";
import { seededNoise, type Noise } from "../noise";

/** Share of the coordinates that a step moves. */
export interface RandomMask {
  readonly keep: number;
  /** Steps that a mask is kept for; absent: 1. */
  readonly hold?: number;
}

/** Sets what a mask hides to 0. @param block steps of one block have one mask */
export type Hide = (out: Float32Array, keep: number, seed: number, block: number) => void;

/**
 * Standard normals, each kept with probability `keep`, else 0: E[z z^T] = keep I. One mask for all queries of a step, new at each step or
 * after `hold` of them.
 * This is what AdaZeta's reference code calls Sparse-MeZO (there 0.25); Sparse-MeZO itself keeps the small weights.
 * Source: yifanycc/AdaZeta@298aaea; kept for several steps: ZO-Bench/ZO-LLM@bf210fa (which hides the share Phi(s) where s is asked for).
 *   Departs: mask and normals come from separate streams.
 */
export const randomMask = randomMaskFrom(seededNoise, hide);

/** Makes the kind with noise and masks of one's own: z is asked for as [step, query]. */
export function randomMaskFrom(noise: Noise, hideInPlace: Hide): DirectionKind<RandomMask> {
  return {
    check(what, spec) {
      checkKeep(what, spec.keep);
      if ("hold" in spec) positiveInteger(`${what}.hold`, spec.hold);
    },
    fits(what, { keep }, { size }) {
      if (keep * size < 1) fail(`${what}.keep`, `at least ${1 / size}, one of ${size} numbers: most masks would keep nothing`, keep); // prettier-ignore
    },
    again: true,
    open: ({ keep, hold = 1 }, { seed, step }) =>
      drawStored((query, out) => {
        noise(out, seed, "direction", step, query);
        hideInPlace(out, keep, seed, Math.floor(step / hold));
      }),
  };
}

/** Checks a share that came from outside. @throws when it is no number above 0 and at most 1: a mask that keeps nothing moves nothing */
export function checkKeep(what: string, keep: number): void {
  if (positiveNumber(`${what}.keep`, keep) > 1) fail(`${what}.keep`, "a share of at most 1", keep);
}

const pieceSize = 4096;

function hide(out: Float32Array, keep: number, seed: number, block: number): void {
  const key = randomKey(seed, "mask", block);
  const bound = keep * 2 ** 32;
  const words = new Uint32Array(Math.min(pieceSize, out.length));
  for (let start = 0; start < out.length; start += pieceSize) {
    const size = Math.min(pieceSize, out.length - start);
    bitsInto(key, words.subarray(0, size), start / 4);
    for (let i = 0; i < size; i++) if (words[i] >= bound) out[start + i] = 0;
  }
}

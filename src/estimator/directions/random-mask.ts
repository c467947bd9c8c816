import { fail, positiveNumber } from "../../check/check";
import { bitsInto } from "../../random/bits";
import { randomKey } from "../../random/key";
import { normalsInto } from "../../random/normals";
import { drawStored, type DirectionKind, type Here } from "../direction";
import { directionKey } from "./key";

/** Share of the coordinates that a step moves. */
export interface RandomMask {
  readonly keep: number;
}

/**
 * Standard normals, each kept with probability `keep`, else 0: E[z z^T] = keep I. One mask for all queries of a step, new at each step.
 * This is what AdaZeta's reference code calls Sparse-MeZO (there 0.25); Sparse-MeZO itself keeps the small weights.
 * Source: yifanycc/AdaZeta@298aaea. Departs: mask and normals come from separate streams.
 */
export const randomMask: DirectionKind<RandomMask> = {
  check(what, { keep }) {
    if (positiveNumber(`${what}.keep`, keep) > 1) fail(`${what}.keep`, "a share of at most 1", keep);
  },
  open: ({ keep }, at) =>
    drawStored((query, out) => {
      normalsInto(directionKey(at, query), out);
      maskInPlace(out, keep, at);
    }),
};

const pieceSize = 4096;

function maskInPlace(out: Float32Array, keep: number, { seed, step }: Here): void {
  const key = randomKey(seed, "mask", step);
  const bound = keep * 2 ** 32;
  const words = new Uint32Array(Math.min(pieceSize, out.length));
  for (let start = 0; start < out.length; start += pieceSize) {
    const size = Math.min(pieceSize, out.length - start);
    bitsInto(key, words.subarray(0, size), start / 4);
    for (let i = 0; i < size; i++) if (words[i] >= bound) out[start + i] = 0;
  }
}

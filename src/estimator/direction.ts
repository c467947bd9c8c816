import { fail, nonNegativeInteger, positiveInteger, positiveNumber, unreachable } from "../check/check";
import { bitsInto } from "../random/bits";
import { randomKey } from "../random/key";
import { normalsInto } from "../random/normals";
import { norm, scaleInPlace } from "../tree/vector";
import { tableDirection } from "./table";

/**
 * The distribution of a direction z [d], as plain data. All have E[z z^T] = I, but for the mask, which has `keep` I.
 *   "gaussian"     independent standard normals
 *   "sphere"       a Gaussian direction stretched to length sqrt(d)
 *   "sign"         independent +1 and -1
 *   "random-mask"  standard normals, each kept with probability `keep`, else 0; one mask for all queries of a step, new at
 *                  each step. This is what AdaZeta's reference code calls Sparse-MeZO (there 0.25); Sparse-MeZO itself keeps
 *                  the small weights. Source: yifanycc/AdaZeta@298aaea. Departs: mask and normals come from separate streams.
 *   "table"        pieces of one table of 2^bits standard normals, for hundreds of millions of parameters: cheap, not independent
 *                  (see `tableDirection` for what that means)
 */
export type DirectionSpec =
  | { readonly kind: "gaussian" }
  | { readonly kind: "sphere" }
  | { readonly kind: "sign" }
  | { readonly kind: "random-mask"; readonly keep: number }
  | { readonly kind: "table"; readonly bits: number };

/** Which direction: it is a pure function of these three and the vector's length. */
export interface DirectionIndex {
  readonly seed: number;
  readonly step: number;
  readonly query: number;
}

/**
 * A direction z [size].
 * @throws when the specification is malformed or an index is not a count
 * @example direction({ kind: "sign" }, { seed: 0, step: 3, query: 1 }, 4) // four numbers, each 1 or -1
 */
export function direction(spec: DirectionSpec, index: DirectionIndex, size: number): Float32Array {
  checkDirections("directions", spec);
  const out = new Float32Array(nonNegativeInteger("size", size));
  directionInto(spec, index, out);
  return out;
}

/** The standard normal direction of a seed, step and query: the paper's z. */
export function gaussianDirection(seed: number, step: number, query: number, size: number): Float32Array {
  return direction({ kind: "gaussian" }, { seed, step, query }, size);
}

/** Writes the direction over `out`. */
export function directionInto(spec: DirectionSpec, { seed, step, query }: DirectionIndex, out: Float32Array): void {
  const key = randomKey(seed, "direction", step, query);
  switch (spec.kind) {
    case "gaussian":
      return normalsInto(key, out);
    case "sphere":
      normalsInto(key, out);
      return scaleInPlace(out, Math.sqrt(out.length) / norm(out));
    case "sign": {
      const words = new Uint32Array(Math.ceil(out.length / 32));
      bitsInto(key, words);
      for (let i = 0; i < out.length; i++) out[i] = 1 - 2 * ((words[i >>> 5] >>> (i & 31)) & 1);
      return;
    }
    case "random-mask":
      normalsInto(key, out);
      return maskInPlace(out, spec.keep, seed, step);
    case "table":
      out.fill(0);
      return tableDirection(spec.bits, seed, key, out.length).addInPlace(out, 1);
    default:
      return unreachable(spec);
  }
}

const pieceSize = 4096;

function maskInPlace(out: Float32Array, keep: number, seed: number, step: number): void {
  const key = randomKey(seed, "mask", step);
  const bound = keep * 2 ** 32;
  const words = new Uint32Array(Math.min(pieceSize, out.length));
  for (let start = 0; start < out.length; start += pieceSize) {
    const size = Math.min(pieceSize, out.length - start);
    bitsInto(key, words.subarray(0, size), start / 4);
    for (let i = 0; i < size; i++) if (words[i] >= bound) out[start + i] = 0;
  }
}

/** Checks a specification that came from outside. @throws naming the field */
export function checkDirections(what: string, spec: DirectionSpec): DirectionSpec {
  switch (spec.kind) {
    case "gaussian":
    case "sphere":
    case "sign":
      return spec;
    case "random-mask":
      if (positiveNumber(`${what}.keep`, spec.keep) > 1) fail(`${what}.keep`, "a share of at most 1", spec.keep);
      return spec;
    case "table":
      if (positiveInteger(`${what}.bits`, spec.bits) > 24) fail(`${what}.bits`, "at most 24 (64 MiB)", spec.bits);
      return spec;
    default:
      return fail(`${what}.kind`, "gaussian, sphere, sign, random-mask or table", (spec as { kind: unknown }).kind);
  }
}

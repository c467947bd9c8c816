import { fail, positiveInteger, positiveNumber } from "../check/check";
import type { FrozenMatrix } from "../ops/ops";
import type { Site } from "../ops/site";
import { leadingSvd } from "../tt/leading-svd";
import type { Adaptable, Adapter, TrainCoreSpec } from "./adapter";
import { chooseSites, inLayers } from "./choose-sites";
import { frozenCore } from "./frozen-core";
import type { FrozenFactors, FrozenSides } from "./frozen-core";
import { zeros } from "./initial";

/**
 * Makes an adapter of one trained core between the frozen outer cores of a tensor train of each site's own weight. The weight's transpose, with its
 * inputs cut into (inputs / m, m) and its outputs into (m, outputs / m), is the train of ranks r
 *     W^T[(a, i), (o, c)] = sum_k,l U[a, k] G[k, i, o, l] V[c, l]
 * whose outer cores U [inputs / m, r] and V [outputs / m, r] are the r first left singular vectors of the unfolding [inputs / m, m outputs], times
 * their singular values s, and the r first right ones of [inputs m, outputs / m]. They stay; a change C [r m, m r] of G is trained (`frozenCore`):
 *     y = W x + alpha / (r m) (x (U s kron 1_m)) C (1_m kron V^T)
 * Tensors: `${site}.core` [r m, m r]: rows (k, i), columns (o, l). At the start C = 0: the model is unchanged. It is linear, so it is a LoRA of rank
 * r m (`asLora`). With m = 1 it is LoRA-XS, but for signs of vectors.
 * @param model needed to compute; without it the adapter can be laid out and counted alone
 * @example trainCore({ kind: "tt-core", rank: 4, inner: 2, alpha: 16, targets: ["query", "value"] }, llama2Sites).layout.size // 4096 (Llama-2-7B)
 * @throws when a target names no site, m does not divide a chosen weight's sides, or the rank is larger than what is left of one
 * Source: ours; the outer cores are TT-SVD's (Oseledets, SIAM J. Sci. Comput. 33, 2011, algorithm 1, from either end), frozen bases and where s
 *   stands are LoRA-XS's, arXiv 2405.17604.
 */
export function trainCore(spec: TrainCoreSpec, sites: readonly Site[], model?: Adaptable): Adapter {
  const [rank, inner] = [positiveInteger("rank", spec.rank), positiveInteger("inner", spec.inner)];
  const factor = positiveNumber("alpha", spec.alpha) / (rank * inner);
  const chosen = chooseSites(spec.targets, inLayers(sites, spec.layers));
  for (const { name, inputs, outputs } of chosen) {
    const uncut = [inputs, outputs].find((size) => size % inner !== 0);
    if (uncut !== undefined)
      fail("inner", `a divisor of both sides of ${name}'s weight (${inputs}, ${outputs})`, inner);
    const most = Math.min(inputs, outputs) / inner;
    if (rank > most) fail("rank", `at most ${most}, the smaller outer mode of ${name}'s weight`, rank);
  }
  return frozenCore({ spec, sites: chosen, part: "core", start: zeros, factor, sides: trainSides(rank, inner) }, model);
}

/** Gives what stands on either side of C: U s kron 1_m [inputs, r m] and 1_m kron V^T [m r, outputs]. @example trainSides(4, 2).side // 8 */
export function trainSides(rank: number, inner: number): FrozenSides {
  return { name: `tt-core ${rank} ${inner}`, side: rank * inner, make: (weight) => coresOf(weight, rank, inner) };
}

function coresOf(weight: FrozenMatrix, rank: number, inner: number): FrozenFactors {
  const [outputs, inputs] = weight.shape;
  const [rows, columns, side] = [inputs / inner, outputs / inner, rank * inner];
  const w = weight.read();
  const turned = new Float32Array(w.length);
  for (let o = 0; o < outputs; o++) for (let i = 0; i < inputs; i++) turned[i * outputs + o] = w[o * inputs + i]!;
  // W^T, row after row, is both unfoldings: only where a row ends is another place.
  const { left, values } = leadingSvd(turned, rows, inner * outputs, rank);
  const { right } = leadingSvd(turned, inputs * inner, columns, rank);
  const narrow = new Float32Array(inputs * side);
  const wide = new Float32Array(side * outputs);
  for (let k = 0; k < rank; k++)
    for (let m = 0; m < inner; m++) {
      left[k]!.forEach((value, a) => (narrow[(a * inner + m) * side + k * inner + m] = value * values[k]!));
      wide.set(right[k]!, (m * rank + k) * outputs + m * columns);
    }
  return { narrow, wide };
}

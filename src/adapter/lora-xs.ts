import { positiveInteger, positiveNumber } from "../check/check";
import type { FrozenMatrix } from "../ops/ops";
import type { Site } from "../ops/site";
import { leadingSvd } from "../tt/leading-svd";
import type { Adaptable, Adapter, LoraXsSpec } from "./adapter";
import { chooseSites, inLayers, requireRankFits } from "./choose-sites";
import { frozenCore } from "./frozen-core";
import type { FrozenFactors, FrozenSides } from "./frozen-core";
import { gaussian } from "./initial";

/** Standard deviation of R's starting values. */
const START = 1e-5;

/**
 * Makes an adapter of one small matrix R [rank, rank] at each site that a target fits, between the frozen singular vectors of the site's own
 * weight W = P S Q^T, of which the `rank` largest are kept (`frozenCore`):
 *     y = W x + (alpha / rank) (x Q S) R P^T
 * Tensors: `${site}.R`. At the start R ~ N(0, 1e-5^2). It is linear, so it is a LoRA of that rank (`asLora`).
 * @param model needed to compute; without it the adapter can be laid out and counted alone
 * @example loraXs({ kind: "lora-xs", rank: 8, alpha: 16, targets: ["query", "value"] }, llama2Sites).layout.size // 4096 (Llama-2-7B)
 * @throws when a target names no site, or the rank is larger than a side of a chosen weight
 * Source: Balazy et al., arXiv 2405.17604, and MohammadrezaBanaei/LoRA-XS@24efae6 (S on the side of the inputs, R ~ N(0, 1e-5^2)).
 */
export function loraXs(spec: LoraXsSpec, sites: readonly Site[], model?: Adaptable): Adapter {
  const rank = positiveInteger("rank", spec.rank);
  const factor = positiveNumber("alpha", spec.alpha) / rank;
  const chosen = chooseSites(spec.targets, inLayers(sites, spec.layers));
  requireRankFits(rank, chosen);
  return frozenCore({ spec, sites: chosen, part: "R", start: gaussian(START), factor, sides: vectorSides(rank) }, model); // prettier-ignore
}

/** Gives what stands on either side of R: Q S [inputs, rank] and P^T [rank, outputs]. @example vectorSides(8).name // "lora-xs 8" */
export function vectorSides(rank: number): FrozenSides {
  return { name: `lora-xs ${rank}`, side: rank, make: (weight) => vectorsOf(weight, rank) };
}

function vectorsOf(weight: FrozenMatrix, rank: number): FrozenFactors {
  const [outputs, inputs] = weight.shape;
  const { left, values, right } = leadingSvd(weight.read(), outputs, inputs, rank);
  const narrow = new Float32Array(inputs * rank);
  right.forEach((q, k) => q.forEach((value, j) => (narrow[j * rank + k] = value * values[k]!)));
  const wide = new Float32Array(rank * outputs);
  left.forEach((p, k) => wide.set(p, k * outputs));
  return { narrow, wide };
}

import type { Adapter } from "../adapter/adapter";
import { fail, numberBelowOne } from "../check/check";
import { randomKey } from "../random/key";
import { uniforms } from "../random/uniforms";
import type { TokenBatch } from "./session";

/**
 * Draws keep factors for a step: each site's is 0 with that probability p and else 1 / (1 - p), so that its mean is 1. Equal arguments give
 * equal factors: a run that knows its seed is walked again with the same.
 * For example `keepFactors(["layers.0.mlp.down"], 0.2, 7, 12)`: one site's factor at step 12, 0 or 1.25.
 * @throws when p is not from 0 to below 1
 * Source: R-Adapter, arXiv 2408.05749: dropping with re-scaling.
 */
export function keepFactors(
  sites: readonly string[],
  probability: number,
  seed: number,
  step: number,
): ReadonlyMap<string, number> {
  numberBelowOne("dropping", probability);
  const drawn = uniforms(randomKey(seed, "dropping", step), sites.length);
  return new Map(sites.map((site, i) => [site, drawn[i]! < probability ? 0 : 1 / (1 - probability)]));
}

/**
 * Gives a batch's factors in the order of an adapter's sites, 1 where the batch names none.
 * @throws when a factor is no finite number, or is for a site where the adapter drops nothing
 */
export function keepOf({ keep }: TokenBatch, { drops = [] }: Pick<Adapter, "drops">): Float32Array {
  for (const [site, factor] of keep ?? []) {
    if (drops.length === 0) fail("batch.keep", "no factor (the session's adapter has none: `dropping(adapter)`)", site);
    if (!drops.includes(site)) fail("batch.keep", `sites of the adapter (${drops.join(", ")})`, site);
    if (!Number.isFinite(factor)) fail(`batch.keep ${site}`, "a finite number", factor);
  }
  return Float32Array.from(drops, (site) => keep?.get(site) ?? 1);
}

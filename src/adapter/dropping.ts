import { fail } from "../check/check";
import type { Ops } from "../ops/ops";
import type { Adapter, Bound } from "./adapter";

/**
 * Makes an adapter of which what it adds at each site is multiplied by the batch's keep factor there, one number for the whole call:
 *     y = W x + k_site (what the adapter adds)
 * so that parts can be dropped at random while it is trained (`keepFactors`), or all of it is scaled afterwards. A batch without factors has
 * 1 everywhere, with the bits of the adapter alone.
 * For example `dropping(makeAdapter(spec, model)).drops`: the sites in the order of the factors.
 * @throws when the adapter adds nothing of its own at sites: a prefix, the model's own weights, none
 * Source: R-Adapter, arXiv 2408.05749, a factor for each call of an adapter. Departs: its code draws one for each token position.
 */
export function dropping(adapter: Adapter): Adapter {
  const { sites, spec } = adapter;
  if (sites === undefined)
    return fail("dropping", "an adapter that adds something at sites (a bottleneck or a LoRA of any kind)", spec.kind);
  return {
    ...adapter,
    drops: sites,
    bind: <T>(ops: Ops<T>): Bound<T> =>
      adapter.bind({ ...ops, added: (x, site) => ops.multiply(x, ops.keepFactor(site)) }),
  };
}

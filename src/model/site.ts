import type { FrozenMatrix, FrozenVector, Hooks, Ops } from "../ops/ops";

/** A frozen linear layer with its name as a site: the adapter sees what goes in and what comes out. */
export type SiteLinear<T> = (site: string, x: T, weight: FrozenMatrix, bias: FrozenVector | null) => T;

/**
 * hook on the input -> y = x W^T + b -> hook on the output. The only way by which a model reaches its frozen linears.
 * @example siteLinear(ops, hooks)("layers.0.attention.query", x, weight, bias)
 */
export function siteLinear<T>(ops: Ops<T>, hooks: Hooks<T>): SiteLinear<T> {
  return (site, x, weight, bias) => {
    const seen = hooks.input(site, x);
    return hooks.output(site, seen, ops.linear(seen, weight, bias));
  };
}

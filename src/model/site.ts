import type { Hooks, Ops } from "../ops/ops";
import type { Site } from "./model";
import type { Linear } from "./parts";

/** A frozen linear layer with its name as a site: the adapter sees what goes in and what comes out. */
export type SiteLinear<T> = (site: string, x: T, layer: Linear) => T;

/**
 * hook on the input -> y = x W^T + b -> hook on the output. The only way by which a model's layers reach their frozen linears.
 * @example siteLinear(ops, hooks)("layers.0.attention.query", x, { weight, bias: null })
 */
export function siteLinear<T>(ops: Ops<T>, hooks: Hooks<T>): SiteLinear<T> {
  return (site, x, { weight, bias }) => {
    const seen = hooks.input(site, x);
    return hooks.output(site, seen, ops.linear(seen, weight, bias));
  };
}

/**
 * The sites of equal layers, `layers.{i}.{word}`, in the order of their computation.
 * @example layerSites(2, { "mlp.up": [4, 16] }) // layers.0.mlp.up and layers.1.mlp.up, 4 -> 16
 */
export function layerSites(
  layers: number,
  words: Readonly<Record<string, readonly [inputs: number, outputs: number]>>,
): readonly Site[] {
  return Array.from({ length: layers }, (_, i) =>
    Object.entries(words).map(([word, [inputs, outputs]]) => ({ name: `layers.${i}.${word}`, inputs, outputs })),
  ).flat();
}

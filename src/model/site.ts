import type { AttentionOptions, Hooks, Ops } from "../ops/ops";
import type { Site } from "../ops/site";
import type { Tap } from "./model";
import type { Linear } from "./parts";

/** A frozen linear layer with its name as a site: the adapter sees what goes in and what comes out. */
export type SiteLinear<T> = (site: string, x: T, layer: Linear) => T;

/**
 * Computes hook on the input -> y = x W^T + b -> hook on the output. The only way by which a model's layers reach their frozen linears.
 * For example `siteLinear(ops, hooks)("layers.0.attention.query", x, { weight, bias: null })`.
 */
export function siteLinear<T>(ops: Ops<T>, hooks: Hooks<T>): SiteLinear<T> {
  return (site, x, { weight, bias }) => {
    const seen = hooks.input(site, x);
    return hooks.output(site, seen, ops.linear(seen, weight, bias));
  };
}

/** The attention of a layer, by its name in front of the projections' ("layers.3.attention"): the adapter may put a prefix before it. */
export type SiteAttention<T> = (site: string, q: T, k: T, v: T, options: AttentionOptions) => T;

/**
 * Computes attention with the adapter's prefix. The only way by which a model's layers attend.
 * For example `siteAttention(ops, hooks)("layers.0.attention", q, k, v, options)`.
 */
export function siteAttention<T>(ops: Ops<T>, hooks: Hooks<T>): SiteAttention<T> {
  return (site, q, k, v, options) => ops.attention(q, k, v, options, hooks.prefix?.(site) ?? null);
}

/** The hidden states [R, T, H] at a place, as the next layer takes them (`Hooks.hidden`). */
export type SiteHidden<T> = (place: number, h: T) => T;

/**
 * Hands hidden states on to the next layer: the adapter may change them, and a tap sees what the layer takes. The only way by which a model's
 * layers take them.
 * For example `siteHidden(hooks, tap)(0, x)`: what the first layer takes.
 */
export function siteHidden<T>(hooks: Hooks<T>, tap: Tap<T> | undefined): SiteHidden<T> {
  return (place, h) => {
    const taken = hooks.hidden?.(place, h) ?? h;
    tap?.(place, taken);
    return taken;
  };
}

/**
 * Gives the sites of equal layers, `layers.{i}.{word}`, in the order of their computation.
 * @example layerSites(2, { "mlp.up": [4, 16] }) // [{ name: "layers.0.mlp.up", inputs: 4, outputs: 16 }, ...]
 */
export function layerSites(
  layers: number,
  words: Readonly<Record<string, readonly [inputs: number, outputs: number]>>,
): readonly Site[] {
  return Array.from({ length: layers }, (_, i) =>
    Object.entries(words).map(([word, [inputs, outputs]]) => ({ name: `layers.${i}.${word}`, inputs, outputs })),
  ).flat();
}

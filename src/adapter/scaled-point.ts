import { fail, float32Number, sameLength } from "../check/check";
import { view } from "../tree/layout";
import type { Adapter } from "./adapter";
import { LINEAR_PARTS } from "./linear";

/** The end of the names of the tensors that each adapter's whole change is proportional to. */
const PROPORTIONAL: Readonly<Partial<Record<Adapter["spec"]["kind"], string>>> = {
  linear: `.${LINEAR_PARTS.scale}`,
  lora: ".B",
  "lora-xs": ".R",
  "tt-core": ".core",
};

/**
 * Gives the point [d] whose change of the model is `share` times that of the given one: 0 is the frozen model, 1 the tuned one, and between them lies
 * every model of one run, with nothing trained again. Of an adapter the factor that its change is proportional to is multiplied; of the model's own
 * weights it is theta_0 + share (theta - theta_0).
 * For example `scaledPoint(adapter, best.point, 0.5)`.
 * A share below 0 or above 1 goes on along the same line, beyond one of the two.
 * @throws when the share is not finite in float32, or the adapter's change is proportional to none of its tensors (a bottleneck's, a prefix's), or some of it is not
 *   a change (a trained head)
 * Source: re-scaling of R-Adapter, arXiv 2408.05749; of all weights WiSE-FT, arXiv 2109.01903.
 */
export function scaledPoint(adapter: Adapter, point: Float32Array, share: number): Float32Array {
  float32Number("share", share);
  const { spec, layout } = adapter;
  sameLength("point", point.length, layout.size);
  if (spec.kind === "full" && spec.factors === undefined) return interpolated(adapter.initial(0), point, share);
  const ending = spec.kind === "lora" && spec.head !== undefined ? undefined : PROPORTIONAL[spec.kind];
  if (ending === undefined)
    return fail(
      "adapter",
      "one whose change is proportional to a tensor of its own (linear, lora without a head, lora-xs, tt-core), or full without factors",
      spec,
    );
  const scaled = point.slice();
  for (const { name } of layout.entries)
    if (name.endsWith(ending)) view(layout, scaled, name).forEach((value, i, own) => (own[i] = share * value));
  return scaled;
}

/**
 * Gives start + share (point - start) [d], each number in float64 and rounded once; at 0 and 1 the bits of the two.
 * @example interpolated(Float32Array.of(0, 2), Float32Array.of(4, 2), 0.25) // Float32Array [1, 2]
 */
export function interpolated(start: Float32Array, point: Float32Array, share: number): Float32Array {
  sameLength("point", point.length, start.length);
  return point.map((value, i) =>
    share === 1 ? value : share === 0 ? start[i]! : start[i]! + share * (value - start[i]!),
  );
}

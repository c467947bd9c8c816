import { fail, sameLength } from "../../check/check";
import type { Adapter } from "../../adapter/adapter";
import type { Model } from "../../model/model";
import { plain } from "../../ops/plain";
import { layoutOf } from "../../tree/layout";
import { referenceOps } from "./low-ops";
import type { Tensor } from "./tensor";

/**
 * Makes a starting point of a prefix from real tokens: each layer's keys and values of these ids as a text of their own, instead of
 * random numbers. One float64 pass over m tokens. Rotary keys are taken before their rotation, as a prefix stores them.
 * For example `train({ ...options, start: prefixOfTokens(model, adapter, [1504, 338, 263, 1243, 29889]) })`.
 * @throws when the adapter is no prefix, or has not one token for each id
 * Source: MeZO's code, princeton-nlp/MeZO, large_models/prefix.py (keys and values of random ids of an OPT model).
 */
export function prefixOfTokens(model: Model, { spec, layout }: Adapter, ids: readonly number[]): Float32Array {
  if (spec.kind !== "prefix") return fail("adapter", `one of kind "prefix"`, spec.kind);
  sameLength("ids", ids.length, spec.tokens);
  const seen = new Map<string, Tensor>();
  const pass = { batch: { ids: [ids] }, layout: layoutOf([]), points: [[]], directions: [] };
  model.forward(plain(referenceOps(pass)), {
    input: (_site, x) => x,
    output(site, _x, y) {
      seen.set(site, y);
      return y;
    },
  });
  const point = new Float32Array(layout.size);
  for (const { name, offset, shape } of layout.entries) {
    const site = name.replace(".prefix.", ".");
    const { data } = seen.get(site) ?? fail("model.sites", `the adapter's ${site}`, [...seen.keys()]);
    const [width, tokens] = shape as readonly [number, number];
    for (let t = 0; t < tokens; t++)
      for (let i = 0; i < width; i++) point[offset + i * tokens + t] = data[t * width + i];
  }
  return point;
}

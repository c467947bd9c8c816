import { randomKey } from "../random/key";
import type { RandomKey } from "../random/key";
import { normals } from "../random/normals";
import { uniforms } from "../random/uniforms";
import type { Entry, Layout } from "../tree/layout";

/** Writes one tensor's starting values into a buffer of zeros. */
export type Fill = (key: RandomKey, out: Float32Array) => void;

/**
 * Makes a starting point [d]: every tensor filled from its own stream of the seed, so that one tensor's size does not move another's values.
 * For example `fillTensors(layout, 0, () => uniform(0.1))`.
 */
export function fillTensors(layout: Layout, seed: number, rule: (entry: Entry) => Fill): Float32Array {
  const point = new Float32Array(layout.size);
  layout.entries.forEach((entry, i) => {
    rule(entry)(randomKey(seed, "initialization", i), point.subarray(entry.offset, entry.offset + entry.size));
  });
  return point;
}

export const zeros: Fill = () => undefined;

/** Writes one value everywhere. */
export function filledWith(value: number): Fill {
  return (_key, out) => void out.fill(value);
}

/** Draws from U(-bound, bound). */
export function uniform(bound: number): Fill {
  return (key, out) => {
    uniforms(key, out.length).forEach((value, i) => {
      out[i] = (2 * value - 1) * bound;
    });
  };
}

/** Draws from N(0, deviation^2). */
export function gaussian(deviation: number): Fill {
  return (key, out) => {
    normals(key, out.length).forEach((value, i) => {
      out[i] = value * deviation;
    });
  };
}

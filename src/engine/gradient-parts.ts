import { entryOf } from "../tree/layout";
import type { Layout } from "../tree/layout";

/** Adds the derivative by a stack of trainable tensors [1, A, ...shape] at its place in the flat gradient [d]. */
export function addStack(
  layout: Layout,
  names: readonly string[],
  part: ArrayLike<number>,
  gradient: Float32Array | Float64Array,
): void {
  const { offset } = entryOf(layout, names[0] ?? "");
  for (let i = 0; i < part.length; i++) gradient[offset + i] += part[i];
}

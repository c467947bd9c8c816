import type { Features, ModelSession, TokenBatch } from "../../src/engine/session";
import { layoutOf } from "../../src/tree/layout";

/**
 * A complete model small enough to check by hand: one trainable row of `width` numbers per token id, and a text's feature is the
 * sum of its tokens' rows. Features are linear in the parameters, so tangents are the same sum over the direction.
 */
export function bagSession(vocabulary: number, width: number): ModelSession {
  const sums = (points: readonly Float32Array[], batch: TokenBatch): Features => {
    const data = new Float32Array(points.length * batch.ids.length * width);
    points.forEach((point, p) =>
      batch.ids.forEach((ids, b) =>
        ids.forEach((id) => {
          const start = (p * batch.ids.length + b) * width;
          for (let h = 0; h < width; h++) data[start + h] += point[id * width + h];
        }),
      ),
    );
    return { data, points: points.length, texts: batch.ids.length, width };
  };
  return {
    id: `bag ${vocabulary} x ${width}`,
    layout: layoutOf([{ name: "rows", shape: [vocabulary, width], decay: true }]),
    width,
    features: async (points, batch) => sums(points, batch),
    tangents: async (point, directions, batch) => ({ primal: sums([point], batch), tangents: sums(directions, batch) }),
    dispose: async () => undefined,
  };
}

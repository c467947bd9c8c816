import type { Adapter } from "../adapter/adapter";
import type { LoadedModel } from "../engine/load-model";
import { CHECK_TEXTS, checkValues } from "./check-values";

/**
 * Makes a score by which a model can be compared with what was written of it. Of a language model: the mean of -log p over the texts' tokens, each
 * token by those before it, or, where it reads masks, by the whole text. Of an encoder without a head: the mean cosine of all pairs of texts.
 * For example `await meanScore(["..."])(loaded, adapter, point)`, on ONNX Runtime in fp32.
 */
export function meanScore(
  texts: readonly string[] = CHECK_TEXTS,
): (loaded: LoadedModel, adapter: Adapter, point: Float32Array) => Promise<number> {
  return async (loaded, adapter, point) => {
    const { measured, texts: read } = await checkValues(loaded, adapter, point, texts);
    const rows = read.map(({ values }) => values);
    if (measured === "features") return meanCosine(rows);
    const all = rows.flat();
    return -all.reduce((sum, value) => sum + value, 0) / all.length;
  };
}

function meanCosine(rows: readonly (readonly number[])[]): number {
  const dot = (x: readonly number[], y: readonly number[]): number =>
    x.reduce((sum, value, k) => sum + value * y[k]!, 0);
  const length = (x: readonly number[]): number => Math.sqrt(dot(x, x));
  const pairs = rows.flatMap((x, i) => rows.slice(0, i).map((y) => dot(x, y) / (length(x) * length(y))));
  return pairs.reduce((sum, value) => sum + value, 0) / pairs.length;
}

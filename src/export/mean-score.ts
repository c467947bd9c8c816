import type { Adapter } from "../adapter/adapter";
import type { LoadedModel } from "../engine/load-model";
import { onnxSession } from "../engine/onnx/session";
import type { TokenBatch } from "../engine/session";
import { tokenScorer } from "../model/token-scorer";

/** What is read where nobody says what. */
export const CHECK_TEXTS: readonly string[] = [
  "The river froze early that year, and the ferry lay in the ice until March.",
  "A recipe for six: two onions, a pound of beans, and more time than you think.",
  "Water boils at a lower temperature on a mountain than at the sea.",
  "She asked for the bill, paid in coins, and left without her coat.",
];

/**
 * Makes a score by which a model can be compared with what was written of it. Of a language model: the mean of -log p over the texts' tokens, each
 * token by those before it, or, where it reads masks, by the whole text. Of an encoder without a head: the mean cosine of all pairs of texts.
 * For example `await meanScore(["..."])(loaded, adapter, point)`, on ONNX Runtime in fp32.
 */
export function meanScore(
  texts: readonly string[] = CHECK_TEXTS,
): (loaded: LoadedModel, adapter: Adapter, point: Float32Array) => Promise<number> {
  return async ({ model, tokenizer }, adapter, point) => {
    const ids = texts.map((text) => tokenizer.encode(text).slice(0, model.context));
    const scorer = model.reading === "pooled" || model.head === null ? model : tokenScorer(model);
    const session = await onnxSession(scorer, adapter);
    try {
      const { data } = await session.features([point], scorer === model ? { ids } : scoredBatch(ids, model.reading));
      return scorer === model
        ? meanCosine(data, texts.length)
        : -data.reduce((sum, value) => sum + value, 0) / data.length;
    } finally {
      await session.dispose();
    }
  };
}

/** Every token that something says: in a causal model all but the first. */
function scoredBatch(ids: readonly (readonly number[])[], reading: string): TokenBatch {
  const first = reading === "causal" ? 1 : 0;
  return {
    ids,
    scored: ids.map((text) => text.slice(first).map((_, i) => i)),
    targets: ids.map((text) => text.slice(first)),
  };
}

function meanCosine(rows: Float32Array, count: number): number {
  const width = rows.length / count;
  const dot = (i: number, j: number): number => {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += rows[i * width + k]! * rows[j * width + k]!;
    return sum;
  };
  let sum = 0;
  for (let i = 0; i < count; i++) for (let j = 0; j < i; j++) sum += dot(i, j) / Math.sqrt(dot(i, i) * dot(j, j));
  return sum / ((count * (count - 1)) / 2);
}

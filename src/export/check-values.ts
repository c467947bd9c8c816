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

/** What a model makes of texts. */
export interface CheckValues {
  /**
   * "log-probabilities": of each text's tokens by those before them, or, where masks are read, by the whole text; "features": its vector;
   * "log-probabilities of the classes": of a classifier, in the order of its labels.
   */
  readonly measured: "log-probabilities" | "features" | "log-probabilities of the classes";
  /** Text after text. */
  readonly texts: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    readonly values: readonly number[];
    /** Of a classifier: the fields that the text was made of. */
    readonly fields?: Readonly<Record<string, string>>;
    /** Of a classifier that is asked at a mask: its place among the ids. */
    readonly mask?: number;
  }[];
}

/**
 * Computes what a model with an adapter makes of texts, on ONNX Runtime in fp32: log p of each token of a language model, the features of an
 * encoder without a head.
 * For example `(await checkValues(loaded, adapter, point, ["..."])).texts[0].values`.
 */
export async function checkValues(
  { model, tokenizer }: Pick<LoadedModel, "model" | "tokenizer">,
  adapter: Adapter,
  point: Float32Array,
  texts: readonly string[] = CHECK_TEXTS,
): Promise<CheckValues> {
  const ids = texts.map((text) => tokenizer.encode(text).slice(0, model.context));
  const scorer = model.reading === "pooled" || model.head === null ? model : tokenScorer(model);
  const measured = scorer === model ? "features" : "log-probabilities";
  const batch = scorer === model ? { ids } : scoredBatch(ids, model.reading);
  const session = await onnxSession(scorer, adapter);
  try {
    const { data, width } = await session.features([point], batch);
    let from = 0;
    const rows = ids.map((text, b) => {
      const count = measured === "features" ? width : (batch.scored?.[b] as readonly number[]).length;
      from += count;
      return { text: texts[b]!, ids: text, values: [...data.subarray(from - count, from)] };
    });
    return { measured, texts: rows };
  } finally {
    await session.dispose();
  }
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

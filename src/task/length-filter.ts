import { nonNegativeInteger, positiveInteger } from "../check/check";
import type { Tokenizer } from "../text/tokenizer";
import { tokensOf } from "./encode";
import type { Example, Reading, Task } from "./task";

/**
 * Makes a filter by length: at most `maxTokens` tokens of what the model reads (special tokens and the longest option or answer
 * included), at least `minWords` words in the text fields.
 * For example `examples.filter(lengthFilter(sst2, "causal", smollm2, { maxTokens: 10, minWords: 3 }))`.
 * @throws when a limit is not a number of tokens or words
 */
export function lengthFilter(
  task: Task,
  reading: Reading,
  tokenizer: Tokenizer,
  limits: { readonly maxTokens?: number; readonly minWords?: number },
): (example: Example) => boolean {
  const { maxTokens, minWords = 0 } = limits;
  if (maxTokens !== undefined) positiveInteger("maxTokens", maxTokens);
  nonNegativeInteger("minWords", minWords);
  return (example) => {
    const words = Object.values(example.fields).join(" ").split(/\s+/).filter(Boolean).length;
    if (words < minWords) return false;
    return maxTokens === undefined || tokensOf(task, reading, example, tokenizer) <= maxTokens;
  };
}

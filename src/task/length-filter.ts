import { nonNegativeInteger, positiveInteger } from "../check/check";
import type { Tokenizer } from "../text/tokenizer";
import type { Example, Task } from "./task";

/**
 * A filter by length: at most `maxTokens` tokens of the prompt (special tokens included), at least `minWords` words in the text fields.
 * @throws when a limit is not a number of tokens or words
 * @example examples.filter(lengthFilter(sst2, smollm2, { maxTokens: 10, minWords: 3 }))
 */
export function lengthFilter(
  task: Task,
  tokenizer: Tokenizer,
  limits: { readonly maxTokens?: number; readonly minWords?: number },
): (example: Example) => boolean {
  const { maxTokens, minWords = 0 } = limits;
  if (maxTokens !== undefined) positiveInteger("maxTokens", maxTokens);
  nonNegativeInteger("minWords", minWords);
  return ({ fields }) => {
    const words = Object.values(fields).join(" ").split(/\s+/).filter(Boolean).length;
    if (words < minWords) return false;
    return maxTokens === undefined || tokenizer.encode(task.prompt(fields)).length <= maxTokens;
  };
}

import { fail } from "../check/check";
import { labelWordIds } from "../text/label-words";
import type { Tokenizer } from "../text/tokenizer";
import type { Task } from "./task";

/**
 * The token of each of the task's label words, in the order of its classes. Checked where it will be scored: prompt + word has to
 * be the prompt's tokens and then that one token.
 * @throws when the task has no label words, a word is not one token, two words are the same token, or a word changes the prompt's tokens
 * @example labelTokens(sst2, smollm2) // [13321, 1109]: " terrible", " great"
 */
export function labelTokens(task: Task, tokenizer: Tokenizer): readonly number[] {
  const words = task.labelWords ?? fail(`label words of ${task.name}`, "one word per class", "none");
  const prompt = task.prompt(Object.fromEntries(Object.keys(task.fields).map((field) => [field, "a text ."])));
  const before = tokenizer.encode(prompt);
  return labelWordIds(tokenizer, words).map((id, i) => {
    const both = tokenizer.encode(prompt + words[i]);
    if (both.join() !== [...before, id].join())
      fail(
        `label word ${JSON.stringify(words[i])} after the prompt`,
        `token ${id} after ${before.length} others`,
        both,
      );
    return id;
  });
}

import { fail } from "../check/check";
import { labelWordIds } from "../text/label-words";
import type { Tokenizer } from "../text/tokenizer";
import { encodeOption } from "./options";
import { promptText, wordsOf } from "./reading";
import type { Reading, Task } from "./task";

/**
 * The token of each of the task's label words, in the order of its classes. After a prompt it is checked where it will be scored:
 * prompt + word has to be the prompt's tokens and then that one token.
 * @throws when the task has no label words, a word is not one token, two words are the same token, or a word changes the prompt's tokens
 * @example labelTokens(sst2, "causal", smollm2) // [13321, 1109]: " terrible", " great"
 */
export function labelTokens(task: Task, reading: Reading, tokenizer: Tokenizer): readonly number[] {
  const words = wordsOf(task, reading);
  if (reading === "masked") return labelWordIds(tokenizer, words);
  const ids = labelWordIds(tokenizer, words, " (openTrainable scores words of several tokens, as options)");
  const prompt = probe(task, reading);
  const before = tokenizer.encode(prompt);
  ids.forEach((id, i) => {
    const both = tokenizer.encode(prompt + words[i]);
    if (both.join() !== [...before, id].join())
      fail(
        `label word ${JSON.stringify(words[i])} after the prompt`,
        `token ${id} after ${before.length} others`,
        both,
      );
  });
  return ids;
}

/**
 * Whether every label word of a reading is one token where it stands: then one row of features serves all classes. Otherwise each
 * word is an option of its own, see `encodeChoices`.
 * @example oneTokenWords(cb, "causal", llama2) // true: Yes, No, Maybe
 */
export function oneTokenWords(task: Task, reading: Reading, tokenizer: Tokenizer): boolean {
  const words = wordsOf(task, reading);
  if (reading === "masked") return words.every((word) => tokenizer.continuation(word).length === 1);
  const prompt = probe(task, reading);
  const before = tokenizer.encode(prompt);
  return words.every((word) => {
    const { ids, from } = encodeOption(tokenizer, prompt, word);
    return from === before.length && ids.length === from + 1;
  });
}

/** A prompt of the task that stands for all of them. */
function probe(task: Task, reading: Reading): string {
  const fields = Object.fromEntries(Object.keys(task.fields).map((field) => [field, "a text ."]));
  return promptText(task, reading, { fields, label: 0, where: { file: "", line: 1 } });
}

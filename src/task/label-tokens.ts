import { fail } from "../check/check";
import { labelWordIds } from "../text/label-words";
import { wholePromptIds } from "../text/prompt";
import type { Tokenizer } from "../text/tokenizer";
import { encodeOption } from "./options";
import { promptText, wordsOf } from "./reading";
import type { Reading, Task } from "./task";

/**
 * Gives the token of each of the task's label words, in the order of its classes. After a prompt it is checked where it will be scored:
 * prompt + word has to be the prompt's tokens and then that one token. At a mask that takes the space before it along ("was <mask>"), a
 * word without a space of its own has that one.
 * For example `labelTokens(sst2, "causal", smollm2)`: [13321, 1109]: " terrible", " great".
 * @throws when the task has no label words, a word is not one token, two words are the same token, or a word changes the prompt's tokens
 */
export function labelTokens(task: Task, reading: Reading, tokenizer: Tokenizer): readonly number[] {
  const words = wordsOf(task, reading);
  if (reading === "masked") return labelWordIds(tokenizer, wordsAtMask(task, tokenizer, words));
  const ids = labelWordIds(tokenizer, words, SEVERAL);
  for (const prompt of probes(task, reading)) {
    const before = tokenizer.encode(prompt);
    ids.forEach((id, i) => {
      const both = tokenizer.encode(prompt + words[i]);
      if (both.join() !== [...before, id].join())
        fail(
          `label word ${JSON.stringify(words[i])} after the prompt`,
          `token ${id} after the ${before.length} of ${JSON.stringify(prompt)}${JOINED}`,
          both,
        );
    });
  }
  return ids;
}

const SEVERAL = " (openProblem scores words of several tokens, as options)";
const JOINED = " (it joins with what is before it: openProblem scores such words, as options)";

/**
 * Says whether every label word of a reading is one token where it stands: then one row of features serves all classes. Otherwise each
 * word is an option of its own, see `encodeChoices`.
 * For example `oneTokenWords(cb, "causal", llama2)`: true: Yes, No, Maybe.
 */
export function oneTokenWords(task: Task, reading: Reading, tokenizer: Tokenizer): boolean {
  const words = wordsOf(task, reading);
  if (reading === "masked")
    return wordsAtMask(task, tokenizer, words).every((word) => tokenizer.continuation(word).length === 1);
  return probes(task, reading).every((prompt) => {
    const before = tokenizer.encode(prompt);
    return words.every((word) => {
      const { ids, from } = encodeOption(tokenizer, prompt, word);
      return from === before.length && ids.length === from + 1;
    });
  });
}

/** The words of a masked reading as they stand where the mask is. */
function wordsAtMask(task: Task, tokenizer: Tokenizer, words: readonly string[]): readonly string[] {
  if (task.kind !== "classification" || !task.masked?.whole) return words;
  const parts = task.masked.parts(fieldsOf(task, A_TEXT));
  const at = parts.findIndex((part) => typeof part === "object" && "special" in part && part.special === "mask");
  const before = parts[at - 1];
  if (typeof before !== "string" || !before.endsWith(" ")) return words;
  const without = parts.map((part, i) => (i === at - 1 ? before.trimEnd() : part));
  const taken = wholePromptIds(tokenizer, without).ids.join() === wholePromptIds(tokenizer, parts).ids.join();
  return taken ? words.map((word) => (/^\s/.test(word) ? word : ` ${word}`)) : words;
}

/**
 * Prompts of the task that stand for all of them. A user's own template may end in a column, so there texts of different ends are tried:
 * a word that joins with one of them is no single token. (A text that ends in a special token's own string is not among them.)
 */
function probes(task: Task, reading: Reading): readonly string[] {
  const texts = task.own === undefined ? [A_TEXT] : [A_TEXT, "a text", "it is 1", "a 'text'", "so_", "好"];
  const prompts = texts.map((text) =>
    promptText(task, reading, { fields: fieldsOf(task, text), label: 0, where: { file: "", line: 1 } }),
  );
  // Where the template itself ends the prompt, one says what all would.
  return prompts.filter((prompt, i) => prompts.findIndex((other) => other.at(-1) === prompt.at(-1)) === i);
}

const A_TEXT = "a text .";

function fieldsOf(task: Task, text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(task.fields).map((field) => [field, text]));
}

import type { Tokenizer } from "./tokenizer";

/**
 * Gives the token id of each label word. A classification scores these rows of the head alone, so each word has to be one token,
 * and no two the same. A word that follows a space in the prompt is given with it: " great".
 * For example `labelWordIds(smollm2, [" terrible", " great"])`: [13321, 1109].
 * @param hint what to do where a word is several tokens
 * @throws when a word is several tokens, is unknown, or shares its token with another, naming the words and their ids
 */
export function labelWordIds(tokenizer: Tokenizer, words: readonly string[], hint = ""): readonly number[] {
  const ids = words.map((word) => tokenizer.continuation(word));
  const listed = words.map((word, i) => `${JSON.stringify(word)} = [${ids[i]!.join(", ")}]`).join(", ");
  if (ids.some((own) => own.length !== 1))
    throw new Error(`label words: expected one token each${hint}, got ${listed}`);
  const single = ids.map(([id]) => id!);
  if (single.some((id) => id === tokenizer.special.unknown)) {
    throw new Error(`label words: expected words of the vocabulary, got ${listed}`);
  }
  if (new Set(single).size !== single.length) throw new Error(`label words: expected distinct tokens, got ${listed}`);
  return single;
}

import type { Tokenizer } from "../../src/text/tokenizer";

/** No special tokens at all. */
const noSpecial = { unknown: null, beginning: null, end: null, mask: null, padding: null };

/** A tokenizer whose tokens are words with their leading space: ids count from 0 in the order in which words are first met. */
export function wordTokenizer(): Tokenizer {
  const words: string[] = [];
  const encode = (text: string): readonly number[] =>
    (text.match(/ ?\S+/g) ?? []).map((word) => {
      if (!words.includes(word)) words.push(word);
      return words.indexOf(word);
    });
  return {
    vocabulary: 1000,
    special: noSpecial,
    encode,
    continuation: encode,
    written: encode,
    decode: (ids) => ids.map((id) => words[id]).join(""),
  };
}

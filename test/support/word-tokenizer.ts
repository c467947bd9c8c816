import type { Tokenizer } from "../../src/text/tokenizer";

/** A tokenizer whose tokens are words with their leading space: ids count from 0 in the order in which words are first met. */
export function wordTokenizer(): Tokenizer {
  const words: string[] = [];
  return {
    vocabulary: 1000,
    encode: (text) =>
      (text.match(/ ?\S+/g) ?? []).map((word) => {
        if (!words.includes(word)) words.push(word);
        return words.indexOf(word);
      }),
    decode: (ids) => ids.map((id) => words[id]).join(""),
  };
}

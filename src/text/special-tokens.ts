import type { SpecialTokens } from "./tokenizer";

export type SpecialName = keyof SpecialTokens;

/** The strings of a tokenizer's special tokens, where its files name them. */
export type SpecialNames = Partial<Readonly<Record<SpecialName, string>>>;

/** What special tokens are called in the files of BERT, RoBERTa, Llama, SmolLM2, Qwen2 and GPT-2, the likelier name first. */
const KNOWN: Readonly<Record<SpecialName, readonly string[]>> = {
  unknown: ["<unk>", "[UNK]"],
  beginning: ["<s>", "[CLS]", "<|begin_of_text|>", "<|im_start|>"],
  end: ["</s>", "[SEP]", "<|end_of_text|>", "<|im_end|>", "<|endoftext|>"],
  mask: ["<mask>", "[MASK]"],
  padding: ["<pad>", "[PAD]"],
};

/** What special tokens are for. */
export const SPECIAL_NAMES = Object.keys(KNOWN) as readonly SpecialName[];

/**
 * Gives the ids of the special tokens: of the names given, else of the first well-known name among the tokenizer's special tokens.
 * @example specialTokens({}, new Map([["<s>", 0], ["<mask>", 4]])).mask // 4
 */
export function specialTokens(names: SpecialNames, ids: ReadonlyMap<string, number>): SpecialTokens {
  const find = (name: SpecialName): number | null => {
    const given = names[name];
    const known = given === undefined ? KNOWN[name] : [given];
    return known.map((token) => ids.get(token)).find((id) => id !== undefined) ?? null;
  };
  return {
    unknown: find("unknown"),
    beginning: find("beginning"),
    end: find("end"),
    mask: find("mask"),
    padding: find("padding"),
  };
}

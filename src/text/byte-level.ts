import { fail } from "../check/check";
import type { AddedToken } from "./added-tokens";
import { template } from "./template";

/** How a text is cut into words before byte pairs are merged, by the model that had it first. */
export type Split = "gpt-2" | "smollm" | "llama-3" | "qwen-2";

/** What a byte-level BPE tokenizer is made of. */
export interface ByteLevelParts {
  readonly vocab: ReadonlyMap<string, number>;
  /** Pairs of tokens separated by one space, the earliest merge first. */
  readonly merges: readonly string[];
  readonly split: Split;
  /** Tokens that are found in a text before anything is split. */
  readonly added: readonly AddedToken[];
  /** Special tokens before and after every text. */
  readonly before: string | null;
  readonly after: string | null;
}

/**
 * Gives byte-level BPE in the form of a tokenizer.json.
 * @throws when a merge is not a pair
 * Source: the splits are those of the tokenizer.json files of GPT-2, SmolLM2, Llama 3 and Qwen2.
 */
export function byteLevelJson({ vocab, merges, split, added, before, after }: ByteLevelParts): object {
  const badMerge = merges.find((merge) => merge.split(" ").length !== 2);
  if (badMerge !== undefined) fail("merges", "pairs of tokens separated by one space", badMerge);
  return {
    version: "1.0",
    added_tokens: added,
    normalizer: split === "qwen-2" ? { type: "NFC" } : null,
    pre_tokenizer: preTokenizer(split),
    post_processor: template(before, after, vocab),
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: true },
    model: {
      type: "BPE",
      vocab: Object.fromEntries(vocab),
      merges,
      unk_token: null,
      ignore_merges: split === "llama-3",
    },
  };
}

function preTokenizer(split: Split): object {
  const words = { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: true };
  switch (split) {
    case "gpt-2":
      return words;
    case "smollm":
      return { type: "Sequence", pretokenizers: [{ type: "Digits", individual_digits: true }, words] };
    case "llama-3":
      return bySplit("\\p{N}{1,3}");
    case "qwen-2":
      return bySplit("\\p{N}");
  }
}

/** Llama 3's words; Qwen2 has the same with digits one by one. */
function bySplit(digits: string): object {
  const pattern =
    `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}` +
    "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  return {
    type: "Sequence",
    pretokenizers: [
      { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false },
      { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
    ],
  };
}

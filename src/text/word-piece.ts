import { fail } from "../check/check";
import { template } from "./template";

const SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

/**
 * Gives BERT's WordPiece in the form of a tokenizer.json.
 * @param tokens the lines of vocab.txt; a token's id is its line
 * @throws when [UNK], [CLS] or [SEP] is missing, or two tokens are the same
 * Source: the steps of transformers' BertTokenizer.
 */
export function wordPieceJson(tokens: readonly string[], options: { readonly lowercase: boolean }): object {
  const vocab = new Map(tokens.map((token, id) => [token, id]));
  if (vocab.size !== tokens.length) fail("vocab.txt", `${tokens.length} distinct tokens`, vocab.size);
  for (const token of ["[UNK]", "[CLS]", "[SEP]"]) if (!vocab.has(token)) fail("vocab.txt", `a line ${token}`, "none");
  return {
    version: "1.0",
    added_tokens: SPECIAL.filter((token) => vocab.has(token)).map((token) => ({
      id: vocab.get(token),
      content: token,
      special: true,
      normalized: false,
    })),
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: options.lowercase,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: template("[CLS]", "[SEP]", vocab),
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocab),
    },
  };
}

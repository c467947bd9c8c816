import { suite } from "uvu";
import * as assert from "uvu/assert";
import { tokenizerFromGguf } from "../../src/text/gguf-tokenizer";
import { tokenizerFromJson } from "../../src/text/json-tokenizer";
import { labelWordIds } from "../../src/text/label-words";
import { requireLength } from "../../src/text/require-length";
import type { GgufMetadata, GgufValue } from "../../src/weights/gguf-header";
import { scratch } from "../support/scratch";
import { throwsWith } from "../support/throws";

const test = suite("text/small-tokenizers");
const place = scratch();
test.after(() => place.remove());

const WORDS = ["[UNK]", "[CLS]", "[SEP]", "a", "b", "##b", "σ", "𠀀", "great", "##ly", "1"];
const bert = {
  added_tokens: [1, 2].map((id) => ({ id, content: WORDS[id], special: true, normalized: false })),
  normalizer: {
    type: "BertNormalizer",
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: "BertPreTokenizer" },
  post_processor: {
    type: "TemplateProcessing",
    single: [
      { SpecialToken: { id: "[CLS]", type_id: 0 } },
      { Sequence: { id: "A", type_id: 0 } },
      { SpecialToken: { id: "[SEP]", type_id: 0 } },
    ],
    pair: [],
    special_tokens: {
      "[CLS]": { id: "[CLS]", ids: [1], tokens: ["[CLS]"] },
      "[SEP]": { id: "[SEP]", ids: [2], tokens: ["[SEP]"] },
    },
  },
  decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(WORDS.map((word, id) => [word, id])),
  },
};

const TOKENS = ["<s>", "a", "b", "Ġ", "1", "2", "ab", "Ġab", "Ù", "¡", "¢", "<u>"];
function metadata(changes: Readonly<Record<string, GgufValue>> = {}): GgufMetadata {
  return new Map<string, GgufValue>(
    Object.entries({
      "tokenizer.ggml.model": "gpt2",
      "tokenizer.ggml.pre": "smollm",
      "tokenizer.ggml.tokens": TOKENS,
      "tokenizer.ggml.token_type": [3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 4],
      "tokenizer.ggml.merges": ["a b", "Ġ ab", "1 2"],
      ...changes,
    }),
  );
}

test("WordPiece takes the longest pieces between [CLS] and [SEP]", () => {
  const tokenizer = tokenizerFromJson(bert);
  // "Greatly" -> "great" 8, "##ly" 9; "ab" -> "a" 3, "##b" 5; "zoo" -> [UNK] 0
  assert.equal(tokenizer.encode("Greatly ab zoo"), [1, 8, 9, 3, 5, 0, 2]);
  assert.is(tokenizer.decode([1, 8, 9, 3, 5, 2]), "[CLS] greatly ab [SEP]");
  assert.equal(tokenizer.encode(""), [1, 2]);
  assert.is(tokenizer.decode([]), "");
});

test("special tokens are known by their names or by the ids of the file; a continuation gets none of them", () => {
  assert.equal(tokenizerFromJson(bert).special, { unknown: 0, beginning: 1, end: 2, mask: null, padding: null });
  assert.equal(tokenizerFromJson(bert).continuation("greatly"), [8, 9]);
  const { special } = tokenizerFromGguf(metadata({ "tokenizer.ggml.eos_token_id": 0 }));
  assert.equal(special, { unknown: null, beginning: 0, end: 0, mask: null, padding: null });
});

test("a final capital sigma becomes σ and rare ideographs stand alone, as in the reference", () => {
  const tokenizer = tokenizerFromJson(bert);
  assert.equal(tokenizer.encode("Σ"), [1, 6, 2]);
  assert.equal(tokenizer.encode("a𠀀b"), [1, 3, 7, 4, 2]);
});

test("GGUF byte-level BPE: merges by rank, digits one by one, any script's", () => {
  const tokenizer = tokenizerFromGguf(metadata());
  // " ab" -> Ġab 7; "12" stays "1" 4, "2" 5 although there is a merge; U+0661 is bytes D9 A1, written "Ù" 8 and "¡" 9
  assert.equal(tokenizer.encode("ab ab12"), [6, 7, 4, 5]);
  assert.equal(tokenizer.encode("\u0661\u0662"), [8, 9, 8, 10]);
  assert.is(tokenizer.decode([6, 7, 4, 5]), "ab ab12");
  assert.equal(tokenizer.encode("a<s>b<u>"), [1, 0, 2, 11]);
});

test("a beginning-of-text token is added where the file says so", () => {
  const changes = { "tokenizer.ggml.add_bos_token": true, "tokenizer.ggml.bos_token_id": 0 };
  assert.equal(tokenizerFromGguf(metadata(changes)).encode("ab"), [0, 6]);
  throwsWith(
    () => tokenizerFromGguf(metadata({ ...changes, "tokenizer.ggml.bos_token_id": 99 })),
    /bos_token_id: expected the id of a token, got 99/,
  );
});

test("GGUF tokenizers of another kind, or whose lists do not fit, are refused", () => {
  const refused = (changes: Readonly<Record<string, GgufValue>>, expected: RegExp): void =>
    throwsWith(() => tokenizerFromGguf(metadata(changes)), expected);
  refused(
    { "tokenizer.ggml.model": "t5" },
    /tokenizer\.ggml\.model: expected "gpt2" \(byte-level BPE\) or "llama" \(SentencePiece\), got "t5"/,
  );
  refused(
    { "tokenizer.ggml.pre": "tekken" },
    /tokenizer\.ggml\.pre: expected one of "gpt-2", "smollm", .*, got "tekken"/,
  );
  refused({ "tokenizer.ggml.pre": "toString" }, /tokenizer\.ggml\.pre: expected one of/);
  refused({ "tokenizer.ggml.mask_token_id": 12 }, /mask_token_id: expected the id of a token, got 12/);
  refused({ "tokenizer.ggml.add_eos_token": true }, /eos_token_id: expected the id of a token, got "none"/);
  refused({ "tokenizer.ggml.token_type": [3] }, /token_type: expected length 12, got 1/);
  refused({ "tokenizer.ggml.tokens": [...TOKENS.slice(1), "a"] }, /expected 12 distinct tokens, got 11/);
  refused({ "tokenizer.ggml.merges": ["a b c"] }, /merges: expected pairs of tokens/);
  refused({ "tokenizer.ggml.merges": 3 }, /merges: expected a list in the metadata, got 3/);
  refused({ "tokenizer.ggml.add_space_prefix": true }, /add_space_prefix: expected false, got true/);
  throwsWith(() => tokenizerFromGguf(new Map()), /tokenizer\.ggml\.model: expected "gpt2"/);
});

test("a label word is one token, and no two are the same", () => {
  const tokenizer = tokenizerFromJson(bert);
  assert.equal(labelWordIds(tokenizer, ["great", "b"]), [8, 4]);
  throwsWith(
    () => labelWordIds(tokenizer, ["great", "ab"]),
    /expected one token each, got "great" = \[8\], "ab" = \[3, 5\]/,
  );
  throwsWith(
    () => labelWordIds(tokenizer, ["great", "Great"]),
    /expected distinct tokens, got "great" = \[8\], "Great" = \[8\]/,
  );
  throwsWith(() => labelWordIds(tokenizer, ["zoo", "b"]), /expected words of the vocabulary, got "zoo" = \[0\]/);
  throwsWith(() => labelWordIds(tokenizer, ["", "b"]), /expected one token each, got "" = \[\]/);
});

test("a text longer than the context is an error with its place, never cut", () => {
  assert.equal(requireLength([1, 2, 3], 3), [1, 2, 3]);
  throwsWith(
    () => requireLength([101, 7592, 102], 2, "train.jsonl:17"),
    /^train\.jsonl:17: expected a text of 1 to 2 tokens, got 3; shorten it$/,
  );
  throwsWith(() => requireLength([], 2), /text: expected a text of 1 to 2 tokens, got 0; leave it out/);
});

test("broken tokenizer files and ids outside the vocabulary are refused", () => {
  throwsWith(
    () => tokenizerFromJson(place.file("absent.json")),
    /absent\.json": expected a tokenizer\.json, got ENOENT/,
  );
  throwsWith(() => tokenizerFromJson(place.file("broken.json", "{")), /expected a tokenizer\.json, got/);
  throwsWith(
    () => tokenizerFromJson({}),
    /tokenizer: expected the content of a tokenizer\.json with a WordPiece or BPE model/,
  );
  throwsWith(() => tokenizerFromJson({ ...bert, normalizer: { type: "Odd" } }), /got Unknown Normalizer type: Odd/);
  const vocab = (bert as { readonly model: { readonly vocab: object } }).model.vocab;
  for (const id of [1e9, 2 ** 31, 2 ** 53, -1, 0.5, "3", null]) {
    const withWord = { ...bert, model: { ...(bert as { model: object }).model, vocab: { ...vocab, word: id } } };
    throwsWith(() => tokenizerFromJson(withWord), 'tokenizer: id of "word": expected a whole number below ');
    if (typeof id !== "number") continue;
    const added = { ...bert, added_tokens: [{ id, content: "<new>", special: true }] };
    throwsWith(() => tokenizerFromJson(added), 'tokenizer: id of "<new>": expected a whole number below ');
  }
  const tokenizer = tokenizerFromJson(bert);
  for (const id of [-1, 11, 0.5, NaN])
    throwsWith(() => tokenizer.decode([1, id]), /token id: expected an integer from 0 to 10/);
});

test.run();

import { fail } from "../check/check";
import type { GgufMetadata, GgufValue } from "../weights/gguf-header";
import { tokenizerFromJson } from "./json-tokenizer";
import type { Tokenizer } from "./tokenizer";

/**
 * The tokenizer that a GGUF file carries in its metadata: byte-level BPE ("gpt2") with the splits named "smollm" or "gpt-2".
 * @throws when it is of another kind, or its lists do not fit together
 * @example tokenizerFromGguf(openGguf("SmolLM2.gguf").metadata).encode(" great") // [1109]
 */
export function tokenizerFromGguf(metadata: GgufMetadata): Tokenizer {
  return tokenizerFromJson(ggufTokenizerJson(metadata));
}

/**
 * The same in the form of a tokenizer.json. A beginning-of-text token is added where the file says so (SmolLM2: no).
 * Bytes that have no token (21 in SmolLM2, bytes that no valid text has and six control characters) encode to nothing, as
 * in the reference.
 * Source: splits by `pre` as in llama.cpp's llama-vocab.cpp ("smollm": \p{N}, then GPT-2's pattern).
 */
export function ggufTokenizerJson(metadata: GgufMetadata): object {
  const model = metadata.get("tokenizer.ggml.model");
  if (model !== "gpt2") fail("tokenizer.ggml.model", `"gpt2" (byte-level BPE)`, model);
  if (metadata.get("tokenizer.ggml.add_space_prefix") === true) fail("tokenizer.ggml.add_space_prefix", "false", true);
  const tokens = list(metadata, "tokenizer.ggml.tokens", isText);
  const types = list(metadata, "tokenizer.ggml.token_type", isNumber);
  const merges = list(metadata, "tokenizer.ggml.merges", isText);
  if (types.length !== tokens.length) fail("tokenizer.ggml.token_type", `length ${tokens.length}`, types.length);
  const vocab = new Map(tokens.map((token, id) => [token, id]));
  if (vocab.size !== tokens.length) fail("tokenizer.ggml.tokens", `${tokens.length} distinct tokens`, vocab.size);
  const badMerge = merges.find((merge) => merge.split(" ").length !== 2);
  if (badMerge !== undefined) fail("tokenizer.ggml.merges", "pairs of tokens separated by one space", badMerge);

  return {
    version: "1.0",
    added_tokens: tokens
      .map((content, id) => ({ id, content, special: types[id] === CONTROL, normalized: false }))
      .filter(({ id }) => types[id] === CONTROL || types[id] === USER_DEFINED),
    normalizer: null,
    pre_tokenizer: preTokenizer(metadata.get("tokenizer.ggml.pre")),
    post_processor: metadata.get("tokenizer.ggml.add_bos_token") === true ? beginning(metadata, tokens) : null,
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", vocab: Object.fromEntries(vocab), merges, unk_token: null },
  };
}

/** Token types of GGUF that are matched in a text as a whole, before anything is split. */
const CONTROL = 3;
const USER_DEFINED = 4;

function preTokenizer(name: GgufValue | undefined): object {
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, use_regex: true };
  switch (name) {
    case "smollm":
      return { type: "Sequence", pretokenizers: [{ type: "Digits", individual_digits: true }, byteLevel] };
    case "gpt-2":
      return byteLevel;
    default:
      return fail("tokenizer.ggml.pre", `"smollm" or "gpt-2"`, name);
  }
}

function beginning(metadata: GgufMetadata, tokens: readonly string[]): object {
  const id = metadata.get("tokenizer.ggml.bos_token_id");
  const token = typeof id === "number" ? tokens[id] : undefined;
  if (token === undefined) return fail("tokenizer.ggml.bos_token_id", "the id of a token", id);
  const text = [{ SpecialToken: { id: token, type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }];
  return {
    type: "TemplateProcessing",
    single: text,
    pair: [...text, { Sequence: { id: "B", type_id: 0 } }],
    special_tokens: { [token]: { id: token, ids: [id], tokens: [token] } },
  };
}

function list<T extends GgufValue>(
  metadata: GgufMetadata,
  key: string,
  is: (value: GgufValue) => value is T,
): readonly T[] {
  const value = metadata.get(key);
  return Array.isArray(value) && value.every(is) ? (value as readonly T[]) : fail(key, "a list in the metadata", value);
}

const isText = (value: GgufValue): value is string => typeof value === "string";
const isNumber = (value: GgufValue): value is number => typeof value === "number";

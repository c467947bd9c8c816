import { fail } from "../check/check";
import type { GgufMetadata, GgufValue } from "../weights/gguf-header";
import { addedToken } from "./added-tokens";
import { byteLevelJson, type Split } from "./byte-level";
import { tokenizerFromJson } from "./json-tokenizer";
import { PIECE } from "./sentencepiece-file";
import { tokenizerFromPieces } from "./sentencepiece-tokenizer";
import type { SpecialName, SpecialNames } from "./special-tokens";
import type { Tokenizer } from "./tokenizer";

/**
 * Gives the tokenizer that a GGUF file carries in its metadata: byte-level BPE ("gpt2") with a known split (`Split`), or
 * SentencePiece ("llama").
 * For example `tokenizerFromGguf(openGguf("SmolLM2.gguf").metadata).encode(" great")`: [1109].
 * @throws when it is of another kind, or its lists do not fit together
 */
export function tokenizerFromGguf(metadata: GgufMetadata): Tokenizer {
  const model = metadata.get("tokenizer.ggml.model");
  switch (model) {
    case "gpt2":
      return byteLevel(metadata);
    case "llama":
      return pieces(metadata);
    default:
      return fail("tokenizer.ggml.model", `"gpt2" (byte-level BPE) or "llama" (SentencePiece)`, model);
  }
}

/**
 * A beginning-of-text token is added where the file says so (SmolLM2: no), or by default where the split is Llama 3's. Bytes that
 * have no token (21 in SmolLM2, bytes that no valid text has and six control characters) encode to nothing, as in the reference.
 * Source: splits by `pre`, and that default, as in llama.cpp's llama-vocab.cpp.
 */
function byteLevel(metadata: GgufMetadata): Tokenizer {
  const { json, special } = byteLevelFromGguf(metadata);
  return tokenizerFromJson(json, { special });
}

/**
 * Gives the content of a tokenizer.json that encodes as the byte-level tokenizer of a GGUF file does, and its special tokens.
 * @throws as `tokenizerFromGguf`, and when the file's tokenizer is of another kind
 */
export function byteLevelFromGguf(metadata: GgufMetadata): { readonly json: object; readonly special: SpecialNames } {
  const model = metadata.get("tokenizer.ggml.model");
  if (model !== "gpt2") fail("tokenizer.ggml.model", `"gpt2" (byte-level BPE)`, model);
  if (metadata.get("tokenizer.ggml.add_space_prefix") === true) fail("tokenizer.ggml.add_space_prefix", "false", true);
  const { tokens, types, special } = common(metadata);
  const merges = list(metadata, "tokenizer.ggml.merges", isText);
  const vocab = new Map(tokens.map((token, id) => [token, id]));
  if (vocab.size !== tokens.length) fail("tokenizer.ggml.tokens", `${tokens.length} distinct tokens`, vocab.size);
  const split = splitOf(metadata.get("tokenizer.ggml.pre"));
  const added = tokens
    .map((content, id) => addedToken(id, { content, special: types[id] === PIECE.control, normalized: false })!)
    .filter(({ id }) => types[id] === PIECE.control || types[id] === PIECE.userDefined);
  const json = byteLevelJson({
    vocab,
    merges,
    split,
    added,
    ...ends(metadata, tokens, { beginning: split === "llama-3", end: false }),
  });
  return { json, special };
}

/** The names that llama.cpp gives the splits. */
const SPLIT_NAMES: Readonly<Record<string, Split>> = {
  "gpt-2": "gpt-2",
  smollm: "smollm",
  "llama-bpe": "llama-3",
  llama3: "llama-3",
  "llama-v3": "llama-3",
  qwen2: "qwen-2",
};

function splitOf(name: GgufValue | undefined): Split {
  const known = Object.keys(SPLIT_NAMES).map((key) => `"${key}"`);
  return typeof name === "string" && Object.hasOwn(SPLIT_NAMES, name)
    ? SPLIT_NAMES[name]!
    : fail("tokenizer.ggml.pre", `one of ${known.join(", ")}`, name);
}

/** A space is put before a text, and a beginning-of-text token, unless the file says no. */
function pieces(metadata: GgufMetadata): Tokenizer {
  const { tokens, types, special } = common(metadata);
  const scores = list(metadata, "tokenizer.ggml.scores", isNumber);
  if (scores.length !== tokens.length) fail("tokenizer.ggml.scores", `length ${tokens.length}`, scores.length);
  const charsmap = metadata.get("tokenizer.ggml.precompiled_charsmap");
  if (Array.isArray(charsmap) && charsmap.length > 0)
    fail(
      "tokenizer.ggml.precompiled_charsmap",
      "none (a table of normalizations is not read)",
      `${charsmap.length} bytes`,
    );
  return tokenizerFromPieces({
    pieces: tokens.map((text, id) => ({ text, score: scores[id]!, type: types[id]! })),
    dummyPrefix: metadata.get("tokenizer.ggml.add_space_prefix") !== false,
    removeExtraSpaces: metadata.get("tokenizer.ggml.remove_extra_whitespaces") === true,
    special: { unknown: tokens[types.indexOf(PIECE.unknown)], ...special },
    ...ends(metadata, tokens, { beginning: true, end: false }),
  });
}

function common(metadata: GgufMetadata): {
  readonly tokens: readonly string[];
  readonly types: readonly number[];
  readonly special: SpecialNames;
} {
  const tokens = list(metadata, "tokenizer.ggml.tokens", isText);
  const types = list(metadata, "tokenizer.ggml.token_type", isNumber);
  if (types.length !== tokens.length) fail("tokenizer.ggml.token_type", `length ${tokens.length}`, types.length);
  const names = (Object.entries(ID_KEYS) as [SpecialName, string][]).flatMap(([name, key]) => {
    const token = tokenAt(metadata, tokens, key);
    return token === null ? [] : [[name, token] as const];
  });
  return { tokens, types, special: Object.fromEntries(names) };
}

const ID_KEYS: Readonly<Record<SpecialName, string>> = {
  unknown: "tokenizer.ggml.unknown_token_id",
  beginning: "tokenizer.ggml.bos_token_id",
  end: "tokenizer.ggml.eos_token_id",
  mask: "tokenizer.ggml.mask_token_id",
  padding: "tokenizer.ggml.padding_token_id",
};

/** The token whose id the file gives under the key; null where it gives none. */
function tokenAt(metadata: GgufMetadata, tokens: readonly string[], key: string): string | null {
  const id = metadata.get(key);
  return id === undefined
    ? null
    : ((typeof id === "number" ? tokens[id] : undefined) ?? fail(key, "the id of a token", id));
}

/** The tokens that are put before and after a text. */
function ends(
  metadata: GgufMetadata,
  tokens: readonly string[],
  otherwise: { readonly beginning: boolean; readonly end: boolean },
): { readonly before: string | null; readonly after: string | null } {
  const wanted = (name: "beginning" | "end", flag: string): string | null =>
    (metadata.get(flag) ?? otherwise[name]) === true
      ? (tokenAt(metadata, tokens, ID_KEYS[name]) ?? fail(ID_KEYS[name], "the id of a token", "none"))
      : null;
  return {
    before: wanted("beginning", "tokenizer.ggml.add_bos_token"),
    after: wanted("end", "tokenizer.ggml.add_eos_token"),
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

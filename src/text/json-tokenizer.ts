import { readFileSync } from "node:fs";
import { BPE, Tokenizer as Engine } from "@huggingface/tokenizers";
import { fail, show } from "../check/check";
import { messageOf } from "../check/error-words";
import { addedToken, splitAtAdded, type AddedToken } from "./added-tokens";
import { bytesAsReference, preTokenizerAsReference, textAsReference } from "./as-reference";
import { normalizerWithoutPrefix, preTokenizerWithoutPrefix } from "./prefix";
import { specialTokens, type SpecialNames } from "./special-tokens";
import type { Tokenizer } from "./tokenizer";

/** What a tokenizer.json does not say. */
export interface JsonTokenizerOptions {
  /** The strings of the special tokens; default: the well-known ones that the file marks as special. */
  readonly special?: SpecialNames;
  /** For BPE: the rank of each merge, the lowest first; equal ranks go from left to right. Default: its place in the list. */
  readonly ranks?: readonly number[];
  /** Added tokens that another file names; one that the content has too stays as it is there. */
  readonly added?: readonly AddedToken[];
}

/**
 * Makes a tokenizer from Hugging Face's tokenizer.json: its path, or its parsed content. Texts are never truncated or padded,
 * whatever the file says (see `requireLength`); special-token strings inside a text become those tokens, and decoding shows them.
 * For example `tokenizerFromJson("tokenizer.json").encode("hello world")`: [101, 7592, 2088, 102] with MiniLM's file.
 * @throws when the file is missing, is not JSON, or has a step that is not known
 */
export function tokenizerFromJson(source: string | object, options: JsonTokenizerOptions = {}): Tokenizer {
  const where = typeof source === "string" ? source : "tokenizer";
  const content: unknown = typeof source === "string" ? parsed(source) : source;
  if (!isRecord(content) || !isRecord(content["model"]) || !isRecord(content["model"]["vocab"])) {
    return fail(where, "the content of a tokenizer.json with a WordPiece or BPE model", content);
  }
  const { model } = content as { readonly model: Readonly<Record<string, unknown>> & { readonly vocab: object } };
  const listed = addedTokens(where, content["added_tokens"]);
  const more = (options.added ?? []).filter((token) => !listed.some((known) => known.content === token.content));
  const added = [...listed, ...more];
  checkIds(where, model.vocab, added);
  const adapted = {
    ...content,
    added_tokens: added,
    pre_tokenizer: preTokenizerAsReference(content["pre_tokenizer"]),
    post_processor: content["post_processor"] ?? null,
  };
  const engine = engineOf(where, adapted);
  const following = engineOf(where, {
    ...adapted,
    normalizer: normalizerWithoutPrefix(content["normalizer"]),
    pre_tokenizer: preTokenizerWithoutPrefix(adapted.pre_tokenizer),
    model: { ...model, vocab: {}, merges: [] },
  });
  following.model = engine.model;
  if (options.ranks !== undefined) setRanks(engine, options.ranks);
  bytesAsReference(engine.decoder);

  const vocabulary = engine.get_vocab().size;
  // The package puts added tokens into the model's vocabulary, where words would be looked up and found to be one.
  for (const { content } of added)
    if (!Object.hasOwn(model.vocab, content)) engine.model?.tokens_to_ids.delete(content);
  const prepare = textAsReference(content["normalizer"]);
  const whole = encoderOf(engine, added, prepare);
  const continued = encoderOf(following, added, prepare);

  const unknown = model["unk_token"];
  const special = new Map(added.filter((token) => token.special).map(({ content, id }) => [content, id]));
  const unknownId = typeof unknown === "string" ? engine.token_to_id(unknown) : undefined;
  const named = specialTokens(options.special ?? {}, special);
  return {
    vocabulary,
    special: { ...named, unknown: unknownId ?? named.unknown },
    encode: (text) => whole(text, true),
    continuation: (text) => continued(text, false),
    written: (text) => whole(text, false),
    decode(ids) {
      const wrong = ids.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabulary));
      if (wrong !== undefined) fail("token id", `an integer from 0 to ${vocabulary - 1}`, wrong);
      return ids.length === 0 ? "" : engine.decode([...ids]);
    },
  };
}

/** Gives each merge its rank: the package itself numbers them through, so that no two would be equal. */
function setRanks(engine: Engine, ranks: readonly number[]): void {
  const { model } = engine;
  if (!(model instanceof BPE)) return fail("ranks", "a BPE model", model?.constructor.name);
  if (ranks.length !== model.merges.length) fail("ranks", `length ${model.merges.length}`, ranks.length);
  model.merges.forEach((merge, i) => model.bpe_ranks.set(JSON.stringify(merge), ranks[i]!));
}

type Encoder = (text: string, ends: boolean) => readonly number[];

/**
 * The ids of a text, with special tokens at its ends or without. Added tokens are found as the reference finds them, first in the text,
 * then those that ask for it in what is normalized between them; the package trims beside them by JavaScript's white space, does not
 * know single words, and takes each piece of the first section for the text's beginning.
 * Source: `AddedVocabulary::extract_and_normalize` of huggingface/tokenizers 0.22.
 */
function encoderOf(engine: Engine, added: readonly AddedToken[], prepare: (text: string) => string): Encoder {
  const { normalizer, pre_tokenizer: words, model, post_processor: processor } = engine;
  const normalize = (text: string): string => (normalizer === null ? text : normalizer.normalize(prepare(text)));
  const split = splitAtAdded(added.filter((token) => !token.normalized));
  const splitNormalized = splitAtAdded(
    added.filter((token) => token.normalized),
    ({ content }) => normalize(content),
  );
  const pieces = (text: string): readonly string[] =>
    split(text).flatMap((section) => {
      if ("token" in section) return [section.token.content];
      return splitNormalized(normalize(section.text)).flatMap((part) => {
        if ("token" in part) return [part.token.content];
        const first = section.at + part.at === 0;
        return model!._call(words?.pre_tokenize(part.text, { section_index: first ? 0 : 1 }) ?? [part.text]);
      });
    });
  const ids = new Map(added.map(({ content, id }) => [content, id]));
  return (text, ends) => {
    const found = [...pieces(text)];
    const tokens = processor === null ? found : processor.post_process(found, null, ends).tokens;
    return tokens.map((token) => (ids.get(token) ?? engine.token_to_id(token) ?? model!.unk_token_id)!);
  };
}

function addedTokens(where: string, list: unknown): readonly AddedToken[] {
  return (Array.isArray(list) ? list : []).map((token: unknown) => {
    if (!isRecord(token)) return fail(`${where}: added_tokens`, "objects", token);
    return addedToken(token["id"], token) ?? fail(`${where}: added_tokens`, "tokens with id and content", token);
  });
}

/** Ids that no token has, which a file may leave out beside those that it lists: a table of all ids is made of them. */
const MOST_GAPS = 2 ** 20;

/**
 * Checks the ids of a vocabulary and its added tokens.
 * @throws when an id is no whole number, or so large that most ids below it would have no token
 */
function checkIds(where: string, vocab: object, added: readonly AddedToken[]): void {
  const entries = Object.entries(vocab);
  const most = entries.length + added.length + MOST_GAPS;
  const expected = `a whole number below ${most} (of ${entries.length + added.length} tokens)`;
  const check = (token: string, id: unknown): void => {
    if (!(typeof id === "number" && Number.isInteger(id) && id >= 0 && id < most))
      fail(`${where}: id of ${JSON.stringify(token)}`, expected, id);
  };
  for (const [token, id] of entries) check(token, id);
  for (const { content, id } of added) check(content, id);
}

function engineOf(where: string, content: object): Engine {
  try {
    return new Engine(content, { clean_up_tokenization_spaces: false });
  } catch (error) {
    throw new Error(`${where}: expected the content of a tokenizer.json, got ${messageOf(error)}`);
  }
}

function parsed(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as unknown;
  } catch (error) {
    throw new Error(`tokenizer ${show(path)}: expected a tokenizer.json, got ${messageOf(error)}`);
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

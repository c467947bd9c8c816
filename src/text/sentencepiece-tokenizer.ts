import { fail } from "../check/check";
import type { AddedToken } from "./added-tokens";
import { tokenizerFromJson } from "./json-tokenizer";
import { PIECE, readSentencePiece, type Piece } from "./sentencepiece-file";
import type { SpecialNames } from "./special-tokens";
import { template } from "./template";
import type { Tokenizer } from "./tokenizer";

/** A vocabulary of scored pieces with what is done to a text. */
export interface ScoredPieces {
  readonly pieces: readonly Piece[];
  /** A space is put before a text. */
  readonly dummyPrefix: boolean;
  /** Runs of spaces become one, and those at the ends none. */
  readonly removeExtraSpaces: boolean;
  readonly special: SpecialNames;
  /** Special pieces before and after every text. */
  readonly before: string | null;
  readonly after: string | null;
  /** Tokens beside the pieces; default none. */
  readonly added?: readonly AddedToken[];
}

/**
 * Gives the tokenizer of a SentencePiece `.model` file (Llama 1 and 2, Mistral, TinyLlama): BPE, with bytes for characters that have no
 * piece. The beginning-of-text piece is put before every text, as these models were trained.
 * For example `tokenizerFromSentencePiece("tokenizer.model").encode("hello")`: [1, 22172] with Llama-2's file.
 * @param source the file's path or its bytes
 * @param added tokens that a file beside it adds
 * @throws when it is damaged, is another kind of model, or normalizes texts by a table
 */
export function tokenizerFromSentencePiece(source: string | Uint8Array, added: readonly AddedToken[] = []): Tokenizer {
  const where = typeof source === "string" ? source : "SentencePiece model";
  const { pieces, ...model } = readSentencePiece(source);
  if (model.modelType !== 2) fail(`${where}: model type`, "2, BPE (unigram models are not read)", model.modelType);
  if (model.charsmapBytes > 0)
    fail(`${where}: normalizer`, "no table of normalizations (it is not read)", `${model.charsmapBytes} bytes`);
  if (!model.escapeSpaces) fail(`${where}: escape_whitespaces`, "true", false);
  if (model.byteFallback !== pieces.some(({ type }) => type === PIECE.byte))
    fail(`${where}: byte_fallback`, "to be set exactly where there are byte pieces", model.byteFallback);
  const name = (id: number | null): { readonly text: string } | undefined => (id === null ? undefined : pieces[id]);
  const names = {
    unknown: name(model.unknown)?.text,
    beginning: name(model.beginning)?.text,
    end: name(model.end)?.text,
    padding: name(model.padding)?.text,
  };
  const before = names.beginning ?? null;
  const special = Object.fromEntries(Object.entries(names).filter(([, text]) => text !== undefined));
  return tokenizerFromPieces({ ...model, pieces, special, before, after: null, added });
}

/**
 * Makes a BPE tokenizer of pieces: the two neighbours whose joint piece scores highest are joined first, the leftmost of equals; what is
 * no piece then becomes its UTF-8 bytes, or the unknown piece. Ids are SentencePiece's.
 * Control and unknown pieces are found in a text (SentencePiece itself takes "<s>" for three characters), as in transformers; like
 * there a space is put before what follows one.
 * Departs: unused pieces are never joined to (SentencePiece joins and splits them again).
 * @throws when two pieces are the same
 * Source: google/sentencepiece src/bpe_model.cc; the form of the result as in transformers' convert_slow_tokenizer.py.
 */
export function tokenizerFromPieces(parts: ScoredPieces): Tokenizer {
  const { pieces } = parts;
  const ids = new Map(pieces.map(({ text }, id) => [text, id]));
  if (ids.size !== pieces.length) fail("pieces", `${pieces.length} distinct pieces`, ids.size);
  const bytes = pieces.filter(({ type }) => type === PIECE.byte).length;
  if (bytes !== 0 && bytes !== 256) fail("byte pieces", "none or 256", bytes);
  const { merges, ranks } = mergesOf(pieces);
  const json = {
    version: "1.0",
    added_tokens: pieces
      .map(({ text, type }, id) => ({ id, content: text, type }))
      .filter(({ type }) => type === PIECE.control || type === PIECE.userDefined || type === PIECE.unknown)
      .map(({ id, content, type }) => ({ id, content, special: type !== PIECE.userDefined, normalized: false })),
    normalizer: normalizer(parts),
    pre_tokenizer: null,
    post_processor: template(parts.before, parts.after, ids),
    decoder: decoder(parts.dummyPrefix),
    model: {
      type: "BPE",
      vocab: Object.fromEntries(ids),
      merges,
      unk_token: parts.special.unknown ?? null,
      fuse_unk: true,
      byte_fallback: bytes === 256,
    },
  };
  return tokenizerFromJson(json, { special: parts.special, ranks, ...(parts.added ? { added: parts.added } : {}) });
}

/** SentencePiece makes none beyond 16 unless it is told to; every place where a piece can be cut is tried. */
const LONGEST_PIECE = 256;

/** Every pair that joins to a piece; its rank is that of the piece's score, the highest score being 0. */
function mergesOf(pieces: readonly Piece[]): {
  readonly merges: readonly (readonly [string, string])[];
  readonly ranks: readonly number[];
} {
  const joined = pieces.filter(({ type }) => type === PIECE.normal);
  const known = new Set(joined.map(({ text }) => text));
  const rank = new Map(
    [...new Set(joined.map(({ score }) => score))].sort((a, b) => b - a).map((score, i) => [score, i]),
  );
  const merges: (readonly [string, string])[] = [];
  const ranks: number[] = [];
  for (const { text, score } of joined) {
    const characters = [...text];
    if (characters.length > LONGEST_PIECE)
      fail(`piece ${JSON.stringify(text.slice(0, 20))}...`, `at most ${LONGEST_PIECE} characters`, characters.length);
    // A single character is a symbol from the start, whether it has a piece or not.
    const symbol = (from: number, to: number): string | null => {
      const part = characters.slice(from, to).join("");
      return to - from === 1 || known.has(part) ? part : null;
    };
    for (let cut = 1; cut < characters.length; cut++) {
      const left = symbol(0, cut);
      const right = left === null ? null : symbol(cut, characters.length);
      if (left === null || right === null) continue;
      merges.push([left, right]);
      ranks.push(rank.get(score)!);
    }
  }
  return { merges, ranks };
}

const SPACE = "▁";

function normalizer({ dummyPrefix, removeExtraSpaces }: ScoredPieces): object {
  const replace = (pattern: object, content: string): object => ({ type: "Replace", pattern, content });
  const prefix = dummyPrefix ? [{ type: "Prepend", prepend: " " }] : [];
  const fewer = [replace({ Regex: " {2,}" }, " "), replace({ Regex: `[ ${SPACE}]+\\z` }, "")];
  const first = removeExtraSpaces && !dummyPrefix ? [replace({ Regex: "\\A +" }, "")] : [];
  return {
    type: "Sequence",
    normalizers: [...first, ...prefix, ...(removeExtraSpaces ? fewer : []), replace({ String: " " }, SPACE)],
  };
}

function decoder(dummyPrefix: boolean): object {
  const strip = dummyPrefix ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : [];
  return {
    type: "Sequence",
    decoders: [
      { type: "Replace", pattern: { String: SPACE }, content: " " },
      { type: "ByteFallback" },
      { type: "Fuse" },
      ...strip,
    ],
  };
}

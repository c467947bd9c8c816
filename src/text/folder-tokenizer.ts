import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fail } from "../check/check";
import { messageOf } from "../check/error-words";
import { addedToken, type AddedToken } from "./added-tokens";
import { byteLevelJson, type ByteLevelParts } from "./byte-level";
import { tokenizerFromJson } from "./json-tokenizer";
import { tokenizerFromSentencePiece } from "./sentencepiece-tokenizer";
import type { SpecialName, SpecialNames } from "./special-tokens";
import type { Tokenizer } from "./tokenizer";
import { wordPieceJson } from "./word-piece";

/** The files that a tokenizer can be read from, the preferred first; all of one row are needed. */
export const TOKENIZER_FILES: readonly (readonly string[])[] = [
  ["tokenizer.json"],
  ["tokenizer.model"],
  ["vocab.json", "merges.txt"],
  ["vocab.txt"],
];

/** Files beside them that name the special tokens. */
export const TOKENIZER_NOTES = ["tokenizer_config.json", "special_tokens_map.json"] as const;

/**
 * Gives the tokenizer of a model's folder as the hub has it: tokenizer.json, or a SentencePiece tokenizer.model, or byte-level BPE as
 * vocab.json with merges.txt, or WordPiece as vocab.txt; tokenizer_config.json and special_tokens_map.json name the special tokens.
 * For example `tokenizerFromFolder("roberta-large").special.mask`: 50264.
 * @throws when none of these files is there, or they cannot be read
 */
export function tokenizerFromFolder(folder: string): Tokenizer {
  const files = TOKENIZER_FILES.find((row) => row.every((file) => existsSync(join(folder, file))));
  const notes = notesIn(folder);
  const special = namesIn(notes);
  const added = notedTokens(notes);
  switch (files?.[0]) {
    case "tokenizer.json":
      return tokenizerFromJson(join(folder, "tokenizer.json"), { special, added });
    case "tokenizer.model":
      return tokenizerFromSentencePiece(join(folder, "tokenizer.model"), added);
    case "vocab.json":
      return tokenizerFromJson(byteLevelJson(byteLevelParts(folder, notes, special)), { special });
    case "vocab.txt": {
      const tokens = lines(readFileSync(join(folder, "vocab.txt"), "utf8"));
      const json = wordPieceJson(tokens, { lowercase: notes["do_lower_case"] !== false });
      return tokenizerFromJson(json, { special, added });
    }
    default:
      return fail(
        `tokenizer in ${folder}`,
        TOKENIZER_FILES.map((row) => row.join(" with ")).join(", or "),
        "none of these files",
      );
  }
}

export type Notes = Readonly<Record<string, unknown>>;

/** Gives what the files beside a folder's tokenizer say of it, tokenizer_config.json before special_tokens_map.json. @throws when one is no JSON object */
export function notesIn(folder: string): Notes {
  return Object.assign({}, ...[...TOKENIZER_NOTES].reverse().map((file) => jsonIn(folder, file) ?? {})) as Notes;
}

function jsonIn(folder: string, file: string): Notes | null {
  const path = join(folder, file);
  if (!existsSync(path)) return null;
  try {
    const content: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof content === "object" && content !== null ? (content as Notes) : fail(path, "a JSON object", content);
  } catch (error) {
    throw new Error(`${path}: expected a JSON object, got ${messageOf(error)}`);
  }
}

/** Where the notes keep each special token, by the names that transformers gives them. */
const NOTE_KEYS: Readonly<Record<SpecialName, readonly string[]>> = {
  unknown: ["unk_token"],
  beginning: ["bos_token", "cls_token"],
  end: ["eos_token", "sep_token"],
  mask: ["mask_token"],
  padding: ["pad_token"],
};

function namesIn(notes: Notes): SpecialNames {
  const found = (Object.entries(NOTE_KEYS) as [SpecialName, readonly string[]][]).flatMap(([name, keys]) => {
    const token = keys.map((key) => content(notes[key])).find((text) => text !== null);
    return token === undefined ? [] : [[name, token] as const];
  });
  return Object.fromEntries(found);
}

/** The tokens of `added_tokens_decoder`, with their flags. */
function notedTokens(notes: Notes): readonly AddedToken[] {
  return Object.entries((notes["added_tokens_decoder"] ?? {}) as Notes).map(
    ([id, token]) =>
      addedToken(Number(id), token as Notes) ??
      fail("added_tokens_decoder of tokenizer_config.json", "tokens with content", token),
  );
}

/** What the notes say of a special token, where they give more than its string. */
function flagsIn(notes: Notes, token: string): Notes | null {
  const found = Object.values(NOTE_KEYS)
    .flat()
    .map((key) => notes[key])
    .find((note) => typeof note === "object" && note !== null && content(note) === token);
  return found === undefined ? null : { ...(found as Notes), special: true };
}

/** Gives a token's string: it is written as such, or as an object with `content`; null where it is neither. */
export function content(token: unknown): string | null {
  const text = typeof token === "object" && token !== null ? (token as { content?: unknown }).content : token;
  return typeof text === "string" ? text : null;
}

/**
 * RoBERTa's files, or GPT-2's, OPT's and Qwen2's; where nothing says which, a "<mask>" in the vocabulary makes it RoBERTa's.
 * Source: transformers' RobertaTokenizer, GPT2Tokenizer (`add_bos_token`: OPT) and Qwen2Tokenizer.
 */
function byteLevelParts(folder: string, notes: Notes, names: SpecialNames): ByteLevelParts {
  const path = join(folder, "vocab.json");
  const entries = Object.entries(jsonIn(folder, "vocab.json") ?? {});
  const vocab = new Map(
    entries.map(([token, id]) => [token, typeof id === "number" ? id : fail(`${path}: ${token}`, "an id", id)]),
  );
  // The first line of merges.txt is a comment: "#version: 0.2".
  const merges = lines(readFileSync(join(folder, "merges.txt"), "utf8")).filter(
    (line, i) => line !== "" && !(i === 0 && line.startsWith("#version")),
  );
  const noted = new Map(notedTokens(notes).map((token) => [token.content, token]));
  for (const { content, id } of noted.values()) if (!vocab.has(content)) vocab.set(content, id);
  const added = (usual: readonly string[]): ByteLevelParts["added"] =>
    [...new Set([...usual, ...Object.values(names), ...noted.keys()])]
      .filter((token) => vocab.has(token))
      .map((token) => {
        const id = vocab.get(token)!;
        const usually = { content: token, special: true, lstrip: token === "<mask>" };
        return noted.get(token) ?? addedToken(id, flagsIn(notes, token) ?? usually)!;
      });
  const kind = notes["tokenizer_class"] ?? (vocab.has("<mask>") ? "RobertaTokenizer" : "GPT2Tokenizer");
  switch (String(kind).replace(/Fast$/, "")) {
    case "RobertaTokenizer": {
      const [before, after] = [names.beginning ?? "<s>", names.end ?? "</s>"];
      return {
        vocab,
        merges,
        split: "gpt-2",
        added: added(["<s>", "<pad>", "</s>", "<unk>", "<mask>"]),
        before,
        after,
      };
    }
    case "GPT2Tokenizer": {
      const before = notes["add_bos_token"] === true ? (names.beginning ?? "<|endoftext|>") : null;
      return { vocab, merges, split: "gpt-2", added: added(["<|endoftext|>"]), before, after: null };
    }
    case "Qwen2Tokenizer":
      return { vocab, merges, split: "qwen-2", added: added(["<|endoftext|>"]), before: null, after: null };
    default:
      return fail(`tokenizer in ${folder}`, "a tokenizer.json, or vocab.json of RoBERTa, GPT-2, OPT or Qwen2", kind);
  }
}

/** Lines without their ends; nothing after the last one. */
function lines(text: string): readonly string[] {
  return text.replace(/\r?\n$/, "").split(/\r?\n/);
}

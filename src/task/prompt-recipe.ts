import { fail } from "../check/check";
import type { PromptPart } from "../text/prompt";
import { SPECIAL_NAMES } from "../text/special-tokens";
import type { SpecialName } from "../text/special-tokens";
import { wordsOf } from "./reading";
import type { ClassificationTask, Example, Reading } from "./task";

type Fields = Example["fields"];

/** Text, or the place of a field. */
export type Piece = string | { readonly field: string };

/** A part of a prompt that is split into tokens on its own, of which at most so many may be taken, or a special token. */
export type PartRecipe =
  { readonly pieces: readonly Piece[]; readonly atMost?: number } | { readonly special: SpecialName };

/** How a task's fields become what a model reads, as plain data: what another program needs to ask as was asked in training. */
export interface PromptRecipe {
  readonly reading: Reading;
  readonly parts: readonly PartRecipe[];
  /** Of a prompt with a mask: its parts are one text to the tokenizer. */
  readonly whole?: true;
  /** Of a prompt with a mask: the longest, in tokens. */
  readonly longest?: number;
  /** The word of each class; none for an encoder. */
  readonly words: readonly string[];
}

/**
 * Gives the recipe of a task's prompt: which of its fields stand where. Whether the task does no more with its fields than to put them there is
 * for the caller to see (`promptsOf`).
 * @example recipeOf(sst2, "causal") // { reading: "causal", parts: [{ pieces: [{ field: "sentence" }, " It was"] }], words: [" terrible", " great"] }
 */
export function recipeOf(task: ClassificationTask, reading: Reading): PromptRecipe {
  const names = Object.keys(task.fields);
  const marked = Object.fromEntries(names.map((name, i) => [name, `${OPEN}${i}${CLOSE}`]));
  const pieces = (text: string): readonly Piece[] =>
    text
      .split(PLACE)
      .map((piece, i) => (i % 2 === 1 ? { field: names[Number(piece)]! } : piece))
      .filter((piece) => piece !== "");
  const words = reading === "pooled" ? [] : wordsOf(task, reading);
  if (reading === "masked") {
    const { parts, whole, longest } = task.masked!;
    const recipes = parts(marked).map((part): PartRecipe => {
      if (typeof part === "string") return { pieces: pieces(part) };
      return "special" in part ? part : { pieces: pieces(part.text), atMost: part.atMost };
    });
    return { reading, parts: recipes, ...(whole === true ? { whole } : {}), longest, words };
  }
  const text = reading === "causal" ? task.causal!.prompt(marked) : task.pooled!.text(marked);
  return { reading, parts: [{ pieces: pieces(text) }], words };
}

/** Gives the readings of a task that has this prompt: the one that it was made of. */
export function promptsOf(recipe: PromptRecipe): Pick<ClassificationTask, Reading> {
  const { reading, words, longest = Infinity, whole } = recipe;
  const written = (pieces: readonly Piece[], fields: Fields): string =>
    pieces.map((piece) => (typeof piece === "string" ? piece : (fields[piece.field] ?? ""))).join("");
  const text = (fields: Fields): string =>
    recipe.parts.map((part) => ("pieces" in part ? written(part.pieces, fields) : "")).join("");
  const parts = (fields: Fields): readonly PromptPart[] =>
    recipe.parts.map((part) => {
      if ("special" in part) return part;
      const all = written(part.pieces, fields);
      return part.atMost === undefined ? all : { text: all, atMost: part.atMost };
    });
  return {
    masked: reading === "masked" ? { words, parts, longest, ...(whole === true ? { whole } : {}) } : null,
    causal: reading === "causal" ? { words, prompt: text } : null,
    pooled: reading === "pooled" ? { text } : null,
  };
}

/** Gives the recipe that JSON text holds. @throws when it is none, or names a field that is not there */
export function parsedRecipe(what: string, value: unknown, fields: readonly string[], classes: number): PromptRecipe {
  const { reading, parts, words, whole, longest } = (value ?? {}) as { readonly [key in keyof PromptRecipe]?: unknown };
  const known = READINGS.find((one) => one === reading);
  if (known === undefined || !Array.isArray(parts) || !Array.isArray(words))
    return fail(what, "reading, parts and words", value);
  if (words.length !== (known === "pooled" ? 0 : classes) || !words.every((word) => typeof word === "string"))
    return fail(`${what}.words`, `a word for each of ${classes} classes`, words);
  if (longest !== undefined && !(Number.isInteger(longest) && Number(longest) > 0))
    return fail(`${what}.longest`, "a number of tokens", longest);
  const checked = parts.map((part, i) => parsedPart(`${what}.parts[${i}]`, part, fields));
  return {
    reading: known,
    parts: checked,
    words,
    ...(whole === true ? { whole } : {}),
    ...(longest === undefined ? {} : { longest: Number(longest) }),
  };
}

function parsedPart(what: string, value: unknown, fields: readonly string[]): PartRecipe {
  const { special, pieces, atMost } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const token = SPECIAL_NAMES.find((name) => name === special);
  if (token !== undefined) return { special: token };
  if (!Array.isArray(pieces)) return fail(what, `pieces, or a special token (${SPECIAL_NAMES.join(", ")})`, value);
  const checked = pieces.map((piece: unknown, i): Piece => {
    if (typeof piece === "string") return piece;
    const { field } = (piece ?? {}) as { readonly field?: unknown };
    return typeof field === "string" && fields.includes(field)
      ? { field }
      : fail(`${what}.pieces[${i}]`, `a text, or one of the fields ${fields.join(", ")}`, piece);
  });
  return typeof atMost === "number" ? { pieces: checked, atMost } : { pieces: checked };
}

const READINGS: readonly Reading[] = ["masked", "causal", "pooled"];
/** Letters for private use: no prompt has them, and none is trimmed. */
const [OPEN, CLOSE] = ["\ue000", "\ue001"];
const PLACE = new RegExp(`${OPEN}(\\d+)${CLOSE}`);

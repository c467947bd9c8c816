import { fail } from "../check/check";
import type { SpecialName } from "./special-tokens";
import type { Tokenizer } from "./tokenizer";

/** A piece of text, one of which at most so many tokens are taken, or a special token by its name. */
export type PromptPart =
  string | { readonly text: string; readonly atMost: number } | { readonly special: SpecialName };

/** Where the mask stands, among a prompt's ids. */
export interface PromptIds {
  readonly ids: readonly number[];
  /** null: the prompt has none. */
  readonly mask: number | null;
  /** Tokens that were left out. */
  readonly cut: number;
}

/**
 * Gives the ids of a prompt put together from texts and special tokens; each text is split on its own, as it follows what is before it.
 * For example `promptIds(roberta, [{ special: "beginning" }, "fine", " It was", { special: "mask" }, ".", { special: "end" }])`: { ids: [0, 2226, 85, 21, 50264, 4, 2], mask: 4, cut: 0 }.
 * @param longest tokens of a prompt; what is beyond is left out at the end. Default: all are kept
 * @throws when the tokenizer has no such token, the prompt has two masks, or its mask is beyond `longest`
 * Source: as MeZO's medium models encode and cut their templates (princeton-nlp/MeZO@552cb1b, medium_models, src/dataset.py).
 */
export function promptIds(tokenizer: Tokenizer, parts: readonly PromptPart[], longest = Infinity): PromptIds {
  const ids: number[] = [];
  let mask: number | null = null;
  let cut = 0;
  for (const part of parts) {
    if (typeof part === "string" || "text" in part) {
      const [text, atMost] = typeof part === "string" ? [part, Infinity] : [part.text, part.atMost];
      const found = tokenizer.continuation(text);
      cut += Math.max(0, found.length - atMost);
      ids.push(...found.slice(0, atMost));
      continue;
    }
    const id = tokenizer.special[part.special];
    if (id === null) return fail("prompt", `a tokenizer with a ${part.special} token`, "one without");
    if (part.special === "mask") {
      if (mask !== null) fail("prompt", "one mask", "two");
      mask = ids.length;
    }
    ids.push(id);
  }
  if (mask !== null && mask >= longest) fail("prompt", `a mask among its first ${longest} tokens`, `token ${mask + 1}`);
  return { ids: ids.slice(0, longest), mask, cut: cut + Math.max(0, ids.length - longest) };
}

/**
 * Gives the ids of a prompt whose parts are one text to the tokenizer: what stands at its ends the tokenizer adds itself, and the mask is
 * written as its token is, so that it takes the spaces along that it takes from a text. A mask that a text of the user's holds is one
 * too; the prompt's own is the one that is asked for.
 * For example `wholePromptIds(roberta, ["fine", " It was ", { special: "mask" }, "."])`: { ids: [0, 2226, 85, 21, 50264, 4, 2], mask: 4, cut: 0 }.
 * @throws when the tokenizer has no mask token, or the prompt has no mask or two
 * Source: the fill-mask prompts of Hugging Face transformers, which are tokenized whole.
 */
export function wholePromptIds(tokenizer: Tokenizer, parts: readonly PromptPart[]): PromptIds {
  const { mask } = tokenizer.special;
  if (mask === null) return fail("prompt", "a tokenizer with a mask token", "one without");
  const written = tokenizer.decode([mask]);
  let before: string | null = null;
  let text = "";
  for (const part of parts) {
    if (typeof part === "string") text += part;
    else if ("text" in part) text += part.text;
    else if (part.special === "mask") {
      if (before !== null) fail("prompt", "one mask", "two");
      before = text;
      text += written;
    }
  }
  if (before === null) return fail("prompt", "one mask", "none");
  const masks = (of: readonly number[]): readonly number[] => of.flatMap((id, place) => (id === mask ? [place] : []));
  const ids = tokenizer.encode(text);
  const place = masks(ids)[masks(tokenizer.encode(before + written)).length - 1];
  return place === undefined
    ? fail("prompt", `the token ${written} where it stands`, text)
    : { ids, mask: place, cut: 0 };
}

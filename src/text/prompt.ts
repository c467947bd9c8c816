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
 * The ids of a prompt put together from texts and special tokens; each text is split on its own, as it follows what is before it.
 * @param longest tokens of a prompt; what is beyond is left out at the end. Default: all are kept
 * @throws when the tokenizer has no such token, the prompt has two masks, or its mask is beyond `longest`
 * @example promptIds(roberta, [{ special: "beginning" }, "fine", " It was", { special: "mask" }, ".", { special: "end" }]) // { ids: [0, 2226, 85, 21, 50264, 4, 2], mask: 4, cut: 0 }
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

import { fail } from "../check/check";
import type { SpecialName } from "./special-tokens";
import type { Tokenizer } from "./tokenizer";

/** A piece of text, or a special token by its name. */
export type PromptPart = string | { readonly special: SpecialName };

/** Where the mask stands, among a prompt's ids. */
export interface PromptIds {
  readonly ids: readonly number[];
  /** null: the prompt has none. */
  readonly mask: number | null;
}

/**
 * The ids of a prompt put together from texts and special tokens; each text is split on its own, as it follows what is before it.
 * @throws when the tokenizer has no such token, or the prompt has two masks
 * @example promptIds(roberta, [{ special: "beginning" }, "fine", " It was", { special: "mask" }, ".", { special: "end" }]) // { ids: [0, 2226, 85, 21, 50264, 4, 2], mask: 4 }
 * Source: as MeZO's medium models encode their templates (princeton-nlp/MeZO@552cb1b, medium_models).
 */
export function promptIds(tokenizer: Tokenizer, parts: readonly PromptPart[]): PromptIds {
  const ids: number[] = [];
  let mask: number | null = null;
  for (const part of parts) {
    if (typeof part === "string") {
      ids.push(...tokenizer.continuation(part));
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
  return { ids, mask };
}

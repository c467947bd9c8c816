import { fail } from "./check";
import { nearestHint } from "./nearest";

/**
 * Lists the names of options, from a table that the compiler holds to their type: one more option is one more entry.
 * @example namesOf({ rank: true, alpha: true }) // ["rank", "alpha"]
 */
export function namesOf<Options>(table: Readonly<Record<keyof Options, true>>): readonly string[] {
  return Object.keys(table);
}

/**
 * Checks that a value is one of a few words, and gives it back.
 * @throws naming them, and the one that is spelled most like it
 * @example knownWord("readout", "prob", ["prototypes", "probe"]) // throws "readout: expected \"prototypes\" or \"probe\"; nearest: probe, got \"prob\""
 */
export function knownWord<Word extends string>(what: string, value: unknown, known: readonly Word[]): Word {
  const found = known.find((word) => word === value);
  if (found !== undefined) return found;
  const hint = typeof value === "string" ? nearestHint(value, known) : "";
  return fail(what, `${known.map((each) => `"${each}"`).join(" or ")}${hint}`, value);
}

/**
 * Checks that options are an object of known ones alone: one that is misspelt would be left out without a word.
 * @param which what the known ones are called before they are listed
 * @throws naming the option, and those that are spelled most like it
 * @example knownOptions("reward", { tokens: 8 }, ["newTokens", "stop"]) // throws "reward: expected the options newTokens, stop; nearest: newTokens, got \"tokens\""
 */
export function knownOptions(what: string, options: unknown, known: readonly string[], which = "the options"): void {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    fail(what, `an object of options, ${known.join(", ")}`, options);
  for (const name of Object.keys(options as object))
    if (!known.includes(name)) fail(what, `${which} ${known.join(", ")}${nearestHint(name, known)}`, name);
}

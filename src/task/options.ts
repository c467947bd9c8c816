import { fail, positiveInteger, unreachable } from "../check/check";
import type { Tokenizer } from "../text/tokenizer";
import { checkRoom, keepEnd } from "./encode";
import type { Beginning, LengthLimits } from "./encode";
import { place } from "./example";
import { fitFields } from "./fit-fields";
import { promptText, wordsOf } from "./reading";
import { refuseChat } from "./task";
import type { Example, Task } from "./task";

/** A prompt with an option: the tokens from index `from` on are the option's own. */
export interface EncodedOption {
  readonly ids: readonly number[];
  readonly from: number;
  /** Tokens that the prompt lost at its beginning. */
  readonly cut: number;
}

/** The options of one example, and which of them are right: the first is the one to train on. */
export interface EncodedChoice {
  readonly options: readonly EncodedOption[];
  readonly right: readonly number[];
}

/**
 * Makes a prompt and what follows it, as one text. The option's own tokens are those after the prompt's; where the two join to another
 * token (a tokenizer that merges across the boundary), they begin at the first token that differs.
 * For example `encodeOption(llama2, "It rained so", " it was wet.")`: { ids: [1, 739, ...], from: 5, cut: 0 }.
 * @param longest more tokens are left out at the prompt's beginning
 * @param beginning what becomes of the token that begins texts then
 * @throws when the option adds no token, or fills the whole length
 * Source: princeton-nlp/MeZO@552cb1b, large_models, utils.py: the option is what is longer than the prompt's tokens. Departs: where
 * tokens join, the reference takes the difference of the lengths.
 */
export function encodeOption(
  tokenizer: Tokenizer,
  prompt: string,
  option: string,
  longest?: number,
  beginning?: Beginning,
): EncodedOption {
  const before = tokenizer.encode(prompt);
  const ids = tokenizer.encode(prompt + option);
  const differs = before.findIndex((id, i) => ids[i] !== id);
  const from = differs < 0 ? before.length : differs;
  if (from >= ids.length) fail("option", "at least one token after the prompt", option);
  if (longest === undefined) return { ids, from, cut: 0 };
  const kept = keepEnd({ ids, cut: 0 }, positiveInteger("longest", longest), tokenizer, beginning);
  if (from - kept.cut < 1) fail("option", `a prompt beside it within ${longest} tokens`, `${ids.length - from} tokens`);
  return { ...kept, from: from - kept.cut };
}

/** Gives the texts that may follow an example's prompt: options, or a classification's label words, or the training answer. */
export function optionTexts(task: Task, example: Example): readonly string[] {
  switch (task.kind) {
    case "classification":
      return wordsOf(task, "causal");
    case "choice":
      return task.options(example).map(({ text }) => text);
    case "generation":
      return [task.answer(example)];
    case "chat":
      return refuseChat(task);
    default:
      return unreachable(task);
  }
}

/**
 * Says which options of an example are right: all that an accepted answer spells (ReCoRD), else the one.
 * @example rightOptions(copa, example({}, { label: 1 })) // [1]
 */
export function rightOptions(task: Task, { label, candidates, answers }: Example): readonly number[] {
  if (task.kind !== "choice" || !candidates || !answers) return [label];
  const right = answers.map((answer) => candidates.indexOf(answer)).filter((index) => index >= 0);
  return [...new Set([label, ...right])];
}

/** Encoded choices, and how many texts were shortened. */
export interface EncodedChoices {
  readonly choices: readonly EncodedChoice[];
  readonly cut: number;
}

/**
 * Gives each example's options as token ids, each after its prompt. Works for every task with a causal reading: a classification's options
 * are its label words, a generation's only option is its training answer. A generation is cut with room for the tokens that are to be
 * written, in training too, where its answer is part of the text.
 * Source: princeton-nlp/MeZO@552cb1b, large_models, utils.py: the maximum less the new tokens, whether the answer is there or not.
 * @throws when a text is longer than the context and may not be cut, or a right answer is not among the options, with file and line
 */
export function encodeChoices(
  task: Task,
  examples: readonly Example[],
  tokenizer: Tokenizer,
  { context, cutTo, beginning }: LengthLimits,
): EncodedChoices {
  const most = cutTo === undefined ? undefined : Math.min(cutTo, positiveInteger("context", context));
  const longest = most === undefined ? undefined : most - newTokensOf(task);
  const choices = examples.map((example) => {
    const at = place(example.where);
    const encode = (fields: Example["fields"], limit?: number): readonly EncodedOption[] => {
      const prompt = promptText(task, "causal", { ...example, fields });
      return optionTexts(task, example).map((text) => encodeOption(tokenizer, prompt, text, limit, beginning));
    };
    const options =
      task.own === undefined || longest === undefined
        ? encode(example.fields, longest)
        : fitted(encode, example.fields, longest);
    checkRoom(example, Math.max(...options.map(({ ids }) => ids.length)), context);
    const right = rightOptions(task, example);
    if (right.some((index) => !(index in options))) fail(`${at}, right`, `0..${options.length - 1}`, right);
    return { options, right };
  });
  const cut = choices.filter(({ options }) => options.some((option) => option.cut > 0)).length;
  return { choices, cut };
}

/** The options after a prompt of the user's own template, whose fields lose their beginning where it is too long. */
function fitted(
  encode: (fields: Example["fields"]) => readonly EncodedOption[],
  fields: Example["fields"],
  longest: number,
): readonly EncodedOption[] {
  const most = (options: readonly EncodedOption[]): number => Math.max(...options.map(({ ids }) => ids.length));
  const whole = encode(fields);
  if (most(whole) <= longest) return whole;
  const kept = encode(fitFields(fields, (cut) => most(encode(cut)), longest, "beginning"));
  return kept.map((option, i) => ({ ...option, cut: whole[i]!.ids.length - option.ids.length }));
}

/** How many tokens are to be written after a prompt. */
function newTokensOf(task: Task): number {
  return task.kind === "generation" ? task.newTokens : 0;
}

/**
 * Gives each example's prompt alone, for decoding: as long as leaves room for the new tokens.
 * @param newTokens default: the task's
 * @throws when a prompt does not fit and may not be cut, with file and line
 * Source: princeton-nlp/MeZO@552cb1b, large_models, utils.py: the prompt may have the maximum less the new tokens.
 */
export function encodePrompts(
  task: Task,
  examples: readonly Example[],
  tokenizer: Tokenizer,
  { context, cutTo, beginning }: LengthLimits,
  newTokens: number = newTokensOf(task),
): { readonly prompts: readonly (readonly number[])[]; readonly cut: number } {
  const room = (limit: number) => limit - newTokens;
  if (room(context) < 1) fail("newTokens", `fewer than ${context}, the model's context`, newTokens);
  const found = examples.map((example) => {
    const whole = { ids: tokenizer.encode(promptText(task, "causal", example)), cut: 0 };
    const text = cutTo === undefined ? whole : keepEnd(whole, room(Math.min(cutTo, context)), tokenizer, beginning);
    checkRoom(example, text.ids.length, room(context), "the model's context less the new ones");
    return text;
  });
  return { prompts: found.map(({ ids }) => ids), cut: found.filter(({ cut }) => cut > 0).length };
}

import { fail, positiveInteger, unreachable } from "../check/check";
import { messageOf } from "../check/error-words";
import { promptIds, wholePromptIds } from "../text/prompt";
import type { Tokenizer } from "../text/tokenizer";
import type { LabelledBatch } from "./classifier";
import { place } from "./example";
import { fitFields } from "./fit-fields";
import { checkReading, promptText } from "./reading";
import { refuseChat } from "./task";
import type { Example, Reading, Task } from "./task";

/** Examples as token ids, ready to be put into batches. */
export interface EncodedExamples {
  readonly ids: readonly (readonly number[])[];
  readonly labels: readonly number[];
  /** Where each text is scored; a list: the position of each text's mask. */
  readonly scored: "last token" | "mean of tokens" | readonly number[];
  /** How many texts were shortened; absent where none was. */
  readonly cut?: number;
}

/** How long a text may be, and what becomes of longer ones. */
export interface LengthLimits {
  /** The model's longest text, in tokens. */
  readonly context: number;
  /** Longer texts of a causal model lose their beginning, as in the reference (2048 there); with a template of the user's own its columns do. Default: they are refused. */
  readonly cutTo?: number;
  /** What a cut does with the token that begins texts; default "kept". */
  readonly beginning?: Beginning;
}

/**
 * What a cut does with the token that begins texts: MeZO's code keeps it, AdaZeta's cuts it off with the rest.
 * Source: princeton-nlp/MeZO@552cb1b and yifanycc/AdaZeta@3659ba3, large_models, utils.py.
 */
export type Beginning = (typeof BEGINNINGS)[number];

export const BEGINNINGS = ["kept", "dropped"] as const;

/**
 * Gives the token ids of each example's prompt. A masked prompt is cut where its task says so, as the reference cuts it (first sentence,
 * then the end); a prompt to continue where `limits` say so, with room for the label word that follows it; of a template of the user's
 * own the columns are cut, and the template stays.
 * @throws when a prompt has no tokens or more than `context`, with file and line, or the task has no such reading
 */
export function encodeExamples(
  task: Task,
  reading: Reading,
  examples: readonly Example[],
  tokenizer: Tokenizer,
  { context, cutTo, beginning }: LengthLimits,
): EncodedExamples {
  positiveInteger("context", context);
  checkReading(task, reading);
  const room = reading === "causal" ? 1 : 0;
  const encoded = examples.map((example) => {
    const limit = cutTo === undefined ? undefined : Math.min(cutTo, context) - room;
    const found = encodeOne(task, reading, example, tokenizer, context, limit);
    const kept = limit === undefined ? found : keepEnd(found, limit, tokenizer, beginning);
    if (kept.ids.length === 0)
      fail(`${place(example.where)}, prompt`, "at least one token", promptText(task, reading, example));
    checkRoom(example, kept.ids.length, context);
    return kept;
  });
  const cut = encoded.filter((text) => text.cut > 0).length;
  return {
    ids: encoded.map(({ ids }) => ids),
    labels: examples.map(({ label }) => label),
    scored: reading === "masked" ? encoded.map(({ mask }) => mask!) : scoredAt(reading),
    ...(cut > 0 ? { cut } : {}),
  };
}

/**
 * Checks that a text's tokens have room.
 * @param room how many there may be, and `limit` what says so
 * @throws with file and line
 */
export function checkRoom({ where }: Example, tokens: number, room: number, limit = "the model's context"): void {
  if (tokens > room)
    fail(
      `${place(where)}, prompt`,
      `at most ${room} tokens, ${limit} (maxTokens cuts longer ones)`,
      `${tokens} tokens`,
    );
}

/** A prompt's ids, the position of its mask, and how many tokens it lost. */
interface EncodedText {
  readonly ids: readonly number[];
  readonly mask: number | null;
  readonly cut: number;
}

function encodeOne(
  task: Task,
  reading: Reading,
  example: Example,
  tokenizer: Tokenizer,
  context: number,
  limit: number | undefined,
): EncodedText {
  const whole = (): EncodedText => wholeText(task, reading, example, tokenizer);
  try {
    if (task.kind !== "classification" || reading === "pooled") return whole();
    if (reading === "causal") {
      if (limit === undefined || task.own === undefined) return whole();
      return fitted(task, reading, example, tokenizer, limit, "beginning");
    }
    const { parts, longest, whole: asOne } = task.masked!;
    if (asOne) return fitted(task, reading, example, tokenizer, Math.min(longest, context), "end");
    return promptIds(tokenizer, parts(example.fields), longest);
  } catch (error) {
    throw new Error(`${place(example.where)}, ${messageOf(error)}`);
  }
}

/** A prompt that is one text to the tokenizer, nothing cut. */
function wholeText(task: Task, reading: Reading, example: Example, tokenizer: Tokenizer): EncodedText {
  if (reading === "masked" && task.kind === "classification")
    return wholePromptIds(tokenizer, task.masked!.parts(example.fields));
  return { ids: tokenizer.encode(promptText(task, reading, example)), mask: null, cut: 0 };
}

/** Encodes a prompt with its fields shortened where it has more than `longest` tokens. */
function fitted(
  task: Task,
  reading: Reading,
  example: Example,
  tokenizer: Tokenizer,
  longest: number,
  lost: "beginning" | "end",
): EncodedText {
  const encode = (fields: Example["fields"]): EncodedText =>
    wholeText(task, reading, { ...example, fields }, tokenizer);
  const all = encode(example.fields);
  if (all.ids.length <= longest) return all;
  const kept = encode(fitFields(example.fields, (fields) => encode(fields).ids.length, longest, lost));
  return { ...kept, cut: all.ids.length - kept.ids.length };
}

function scoredAt(reading: Exclude<Reading, "masked">): "last token" | "mean of tokens" {
  switch (reading) {
    case "causal":
      return "last token";
    case "pooled":
      return "mean of tokens";
    default:
      return unreachable(reading);
  }
}

/**
 * Gives the last `longest` tokens of a text that has more; the token that begins texts stays in front, or is cut off with the others.
 * For example `keepEnd({ ids: [1, 5, 6, 7], cut: 0 }, 3, llama2, "dropped").ids`: [5, 6, 7].
 * For example `keepEnd({ ids: [1, 5, 6, 7], cut: 0 }, 3, llama2).ids`: [1, 6, 7].
 */
export function keepEnd<T extends { readonly ids: readonly number[]; readonly cut: number }>(
  text: T,
  longest: number,
  { special }: Tokenizer,
  beginning: Beginning = "kept",
): T {
  const { ids } = text;
  const excess = ids.length - positiveInteger("longest", longest);
  if (excess <= 0) return text;
  const start = beginning === "kept" && special.beginning !== null && ids[0] === special.beginning ? 1 : 0;
  return { ...text, ids: [...ids.slice(0, start), ...ids.slice(start + excess)], cut: text.cut + excess };
}

/** Says how many tokens an example's text has, special tokens included and nothing cut; of a choice or an answer with the longest that may follow. */
export function tokensOf(task: Task, reading: Reading, example: Example, tokenizer: Tokenizer): number {
  const prompt = promptText(task, reading, example);
  switch (task.kind) {
    case "classification":
      if (reading === "masked" && !task.masked!.whole)
        return promptIds(tokenizer, task.masked!.parts(example.fields)).ids.length;
      return wholeText(task, reading, example, tokenizer).ids.length;
    case "choice":
      return Math.max(...task.options(example).map(({ text }) => tokenizer.encode(prompt + text).length));
    case "generation":
      return tokenizer.encode(prompt + task.answer(example)).length;
    case "chat":
      return refuseChat(task);
    default:
      return unreachable(task);
  }
}

/**
 * Gives the batch of the examples at these indices. A causal model is scored at each prompt's last token, where the label word follows;
 * a masked one at the mask.
 * @throws when an index is not an example's
 */
export function labelledBatch(encoded: EncodedExamples, indices: readonly number[]): LabelledBatch {
  const at = <T>(values: readonly T[], i: number): T =>
    i in values ? values[i] : fail("index", `0..${values.length - 1}`, i);
  const ids = indices.map((i) => at(encoded.ids, i));
  const labels = indices.map((i) => at(encoded.labels, i));
  const { scored } = encoded;
  if (scored === "mean of tokens") return { input: { ids }, labels };
  const positions = scored === "last token" ? ids.map((text) => text.length - 1) : indices.map((i) => at(scored, i));
  return { input: { ids, scored: positions }, labels };
}

/** Gives all examples in their order, in batches of `batchSize`, the last one shorter where it must be: for evaluation. */
export function batchesInOrder(encoded: EncodedExamples, batchSize: number): readonly LabelledBatch[] {
  const { length } = encoded.ids;
  const starts = Array.from(
    { length: Math.ceil(length / positiveInteger("batchSize", batchSize)) },
    (_, i) => i * batchSize,
  );
  return starts.map((start) =>
    labelledBatch(
      encoded,
      Array.from({ length: Math.min(batchSize, length - start) }, (_, i) => start + i),
    ),
  );
}

import { fail } from "../check/check";
import { promptText, wordsOf } from "./reading";
import type { ClassificationTask, Reading } from "./task";

/** What a classifier was tuned to read. */
export interface ClassifierPrompt {
  readonly reading: Reading;
  /** The text that the model reads, fields in braces: "{message}. This is a". */
  readonly template: string;
  /** The word of each class, in the order of the classes; none for an encoder. */
  readonly words: readonly string[];
}

/**
 * Gives the prompt of a task in a reading, as it can be kept and compared.
 * @example promptOf(sst2, "causal") // { reading: "causal", template: "{sentence} It was", words: [" terrible", " great"] }
 */
export function promptOf(task: ClassificationTask, reading: Reading): ClassifierPrompt {
  const fields = Object.fromEntries(Object.keys(task.fields).map((field) => [field, `{${field}}`]));
  const template = promptText(task, reading, { fields, label: 0, where: { file: "", line: 1 } });
  return { reading, template, words: reading === "pooled" ? [] : wordsOf(task, reading) };
}

/**
 * Gives a prompt in words, for people.
 * @example described(promptOf(sst2, "causal"), ["negative", "positive"]) // '"{sentence} It was" with negative = " terrible", positive = " great"'
 */
export function described({ template, words }: ClassifierPrompt, labels: readonly string[]): string {
  const each = words.map((word, i) => `${labels[i]} = ${JSON.stringify(word)}`);
  return `${JSON.stringify(template)}${each.length === 0 ? "" : ` with ${each.join(", ")}`}`;
}

/** A classifier's classes, and its prompt where that is known. */
interface Kept {
  readonly labels: readonly string[];
  readonly prompt?: ClassifierPrompt;
}

/**
 * Checks that a task asks what a saved classifier was tuned to be asked: the same classes, template and word of each class, in whatever order
 * the classes are named.
 * @param where begins the message
 * @throws when one of them is another, showing both
 */
export function checkPrompt(where: string, saved: Kept, task: ClassificationTask, reading: Reading): void {
  const asked = { labels: task.labels, prompt: promptOf(task, reading) };
  if (sorted(saved.labels) !== sorted(asked.labels))
    throw new Error(
      `${where}: expected a task of the classes ${saved.labels.join(", ")}, got ${asked.labels.join(", ")}`,
    );
  if (saved.prompt === undefined || keyOf(saved.prompt, saved.labels) === keyOf(asked.prompt, asked.labels)) return;
  throw new Error(
    `${where}: expected the prompt that it was tuned with, ${described(saved.prompt, saved.labels)}, ` +
      `got ${described(asked.prompt, asked.labels)}; open it with that template and these words, or tune it with the other ones`,
  );
}

function keyOf({ reading, template, words }: ClassifierPrompt, labels: readonly string[]): string {
  return JSON.stringify([reading, template, sorted(words.map((word, i) => JSON.stringify([labels[i], word])))]);
}

function sorted(texts: readonly string[]): string {
  return JSON.stringify([...texts].sort());
}

/** Gives the prompt that JSON text holds. @throws when it is none, or has not one word for each class */
export function parsedPrompt(what: string, value: unknown, classes: number): ClassifierPrompt {
  const { reading, template, words } = (value ?? {}) as { readonly [field in keyof ClassifierPrompt]?: unknown };
  const known = READINGS.find((one) => one === reading);
  if (known === undefined || typeof template !== "string" || !Array.isArray(words))
    return fail(what, "reading, template and words", value);
  if (words.length !== (known === "pooled" ? 0 : classes) || !words.every((word) => typeof word === "string"))
    return fail(what, `a word for each of ${classes} classes`, words);
  return { reading: known, template, words };
}

const READINGS: readonly Reading[] = ["masked", "causal", "pooled"];

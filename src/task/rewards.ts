import { fail } from "../check/check";
import type { PromptRow } from "./prompt-texts";
import type { Answered, RewardFunction } from "./reward";

/** How many words a text has: what white space divides, where it has a letter or a digit. @example wordCount("Rain, rain - go!") // 3 */
export function wordCount(text: string): number {
  return text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

/** Says whether a text has a word, whole and in either case. @example hasWord("The Rain fell.", "rain") // true */
export function hasWord(text: string, word: string): boolean {
  const plain = (of: string): string => of.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim(); // prettier-ignore
  return plain(word) !== "" && ` ${plain(text)} `.includes(` ${plain(word)} `);
}

/**
 * Rewards answers of at most `row.most` words that contain `row.word`: the mean of two parts, 1 where the word is there, and min(1, most / words). An
 * answer without a word has 0.
 * @throws when the row has no such columns
 * @example askedWord({ prompt: "", answer: "The rain fell.", row: { word: "rain", most: 6 } }) // 1
 * @example askedWord({ prompt: "", answer: "It fell on the old roof and on us all night.", row: { word: "rain", most: 6 } }) // 0.2727272727272727
 */
export function askedWord({ answer, row }: Answered): number {
  const [words, word, most] = [wordCount(answer), wordOf(row), Number(row["most"])];
  if (!(most > 0)) fail("row.most", "a number of words, from a column of the prompts", row["most"]);
  if (words === 0) return 0;
  return ((hasWord(answer, word) ? 1 : 0) + Math.min(1, most / words)) / 2;
}

/**
 * Rewards answers of the form "word: a sentence." with `row.word`: the mean of three parts, 1 each where the answer begins with the word, has a colon right
 * after its first word, and ends in a full stop with words before it. An answer without a word has 0.
 * @throws when the row has no such column
 * @example askedForm({ prompt: "", answer: "rain: it fell softly.", row: { word: "rain" } }) // 1
 * @example askedForm({ prompt: "", answer: "It fell softly.", row: { word: "rain" } }) // 0.3333333333333333
 */
export function askedForm({ answer, row }: Answered): number {
  const text = answer.trim();
  const word = wordOf(row).toLowerCase();
  if (wordCount(text) === 0) return 0;
  const [first = ""] = text.split(/\s+/);
  const begins = first.replace(/[^\p{L}\p{N}]+$/u, "").toLowerCase() === word;
  const parts = [begins, /^[\p{L}\p{N}'-]+:$/u.test(first), /[\p{L}\p{N}]\.$/u.test(text) && wordCount(text) > 1];
  return parts.filter(Boolean).length / parts.length;
}

function wordOf({ word }: PromptRow): string {
  return typeof word === "string" && word.trim() !== ""
    ? word.trim()
    : fail("row.word", "a word, from a column of the prompts (promptTask's template or columns name it)", word);
}

/** The rewards that are ready for the project's own prompts (`data/samples/asked.jsonl`), by name. */
export const rewards = { "asked word": askedWord, "asked form": askedForm } as const satisfies Readonly<
  Record<string, RewardFunction>
>;

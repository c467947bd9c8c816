import { fail, sameLength } from "../check/check";

/**
 * Gives an answer without what does not count: lower case, no ASCII punctuation, no articles, single spaces.
 * @example normalizeAnswer("The  Denver-Broncos!") // "denverbroncos"
 * Source: the official SQuAD evaluation, as in princeton-nlp/MeZO@552cb1b, large_models, metrics.py.
 */
export function normalizeAnswer(text: string): string {
  const plain = text.toLowerCase().replace(/[!-/:-@[-`{-~]/g, "");
  return plain
    .replace(/(?<![\p{L}\p{N}_])(a|an|the)(?![\p{L}\p{N}_])/gu, " ")
    .split(/\s+/)
    .filter(Boolean)
    .join(" ");
}

/** Accepted answers that say there is none. */
const NO_ANSWER: readonly string[] = ["CANNOTANSWER", "no answer"];

/**
 * Computes F1 of the words that an answer shares with the best fitting of the accepted ones: 2 same / (words + accepted words), 0 without any.
 * Where the first accepted answer says that there is none, the text has to say the same: 1 or 0, whatever words it shares.
 * @example tokenF1("the red fox", ["a red dog", "fox"]) // 0.6666666666666666, 2 * 1 / (2 + 1)
 * @example tokenF1("the answer", ["no answer"]) // 0, not 2 * 1 / (1 + 2)
 * Source: princeton-nlp/MeZO@552cb1b, large_models, metrics.py.
 */
export function tokenF1(text: string, accepted: readonly string[]): number {
  if (NO_ANSWER.includes(accepted[0])) return exactMatch(text, accepted.slice(0, 1));
  return best("accepted", accepted, (answer) => {
    const [words, others] = [wordsIn(text), wordsIn(answer)];
    const left = new Map<string, number>();
    for (const word of others) left.set(word, (left.get(word) ?? 0) + 1);
    let same = 0;
    for (const word of words) {
      const count = left.get(word) ?? 0;
      if (count === 0) continue;
      same += 1;
      left.set(word, count - 1);
    }
    return same === 0 ? 0 : (2 * same) / (words.length + others.length);
  });
}

/**
 * Computes 1 where an answer is one of the accepted ones after normalization, else 0.
 * @example exactMatch("The fox.", ["dog", "fox"]) // 1
 */
export function exactMatch(text: string, accepted: readonly string[]): number {
  return best("accepted", accepted, (answer) => (normalizeAnswer(text) === normalizeAnswer(answer) ? 1 : 0));
}

/** Gives the mean of a metric over texts and the answers that each may have. @throws when there is no text, or the lengths differ */
export function meanOverAnswers(
  metric: (text: string, accepted: readonly string[]) => number,
  texts: readonly string[],
  accepted: readonly (readonly string[])[],
): number {
  if (texts.length === 0) fail("texts", "at least one answer", "none");
  sameLength("accepted", accepted.length, texts.length);
  return texts.reduce((sum, text, i) => sum + metric(text, accepted[i]), 0) / texts.length;
}

function wordsIn(text: string): readonly string[] {
  return normalizeAnswer(text).split(" ").filter(Boolean);
}

function best(what: string, accepted: readonly string[], score: (answer: string) => number): number {
  if (accepted.length === 0) fail(what, "at least one answer", "none");
  return Math.max(...accepted.map(score));
}

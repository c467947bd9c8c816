import { fail, nonNegativeInteger } from "../check/check";

/** What is reached on some examples without looking at them. */
export interface Chance {
  /** Lowest mean loss of one answer for all, in nats. */
  readonly loss: number;
  /** Largest share of right answers of one answer for all; NaN where answers are texts. */
  readonly accuracy: number;
  /** How many examples. */
  readonly count: number;
}

/**
 * Gives chance where the classes are the same for every example: the best constant answer. Among all distributions over the classes the
 * observed one q_c = n_c / n has the lowest loss, its own entropy; always guessing the largest class is most often right.
 *     loss = -sum_c q_c log q_c,  accuracy = max_c q_c
 * @param counts [C] examples of each class
 * @throws when there is no example
 * @example classChance([31, 17, 0, 21, 17, 14]).loss // 1.569, where an even guess among six classes costs log 6 = 1.7918
 */
export function classChance(counts: readonly number[]): Chance {
  const count = counts.reduce((sum, n, c) => sum + nonNegativeInteger(`counts[${c}]`, n), 0);
  if (count === 0) fail("counts", "at least one example", counts);
  return { loss: entropy(counts), accuracy: Math.max(...counts) / count, count };
}

/** An example's options, and which of them are right. */
interface Choice {
  readonly options: readonly unknown[];
  readonly right: readonly number[];
}

/**
 * Gives chance where every example has options of its own: the same score for each of them, whatever its text and place,
 *     loss = mean_i log(options_i / right_i),  accuracy = mean_i right_i / options_i
 * @throws when there is no example
 * @example optionChance([{ options: ["a", "b"], right: [0] }]) // { loss: 0.693, accuracy: 0.5, count: 1 }
 */
export function optionChance(choices: readonly Choice[]): Chance {
  const count = choices.length;
  if (count === 0) fail("choices", "at least one example", choices);
  const mean = (of: (choice: Choice) => number): number => choices.reduce((sum, choice) => sum + of(choice), 0) / count;
  return {
    loss: mean(({ options, right }) => Math.log(options.length / right.length)),
    accuracy: mean(({ options, right }) => right.length / options.length),
    count,
  };
}

/**
 * Gives the lowest loss a token of one distribution over tokens that is the same at every place: the entropy of all the answers' tokens.
 * @param answers token ids of each answer
 * @throws when there is no token
 * @example tokenChance([[5, 6], [5]]) // 0.6365 = -(2/3 log 2/3 + 1/3 log 1/3)
 */
export function tokenChance(answers: readonly (readonly number[])[]): number {
  const counts = new Map<number, number>();
  for (const token of answers.flat()) counts.set(token, (counts.get(token) ?? 0) + 1);
  if (counts.size === 0) fail("answers", "at least one token", answers);
  return entropy([...counts.values()]);
}

function entropy(counts: readonly number[]): number {
  const total = counts.reduce((sum, n) => sum + n, 0);
  return counts.reduce((sum, n) => (n === 0 ? sum : sum - (n / total) * Math.log(n / total)), 0);
}

import { fail, sameLength } from "../check/check";
import type { TokenBatch } from "../engine/session";
import type { EncodedChoice, EncodedOption } from "./options";

/** A text and the tokens that are scored in it, each at the position whose features say it. */
export interface ScoredText {
  readonly ids: readonly number[];
  readonly scored: readonly number[];
  readonly targets: readonly number[];
}

/** A batch that lists each text's scored positions and their targets. */
export interface ScoredBatch extends TokenBatch {
  readonly scored: readonly (readonly number[])[];
  readonly targets: readonly (readonly number[])[];
}

/** The options of some examples as one batch of texts, example after example. */
export interface OptionBatch {
  readonly input: ScoredBatch;
  /** How many options each example has. */
  readonly options: readonly number[];
  /** Which of its own is the right one. */
  readonly labels: readonly number[];
  /** All of its own that are right, where all options are there; absent: the one. */
  readonly right?: readonly (readonly number[])[];
}

/**
 * Makes an option as a causal language model scores it: each of its tokens at the token before. The last one is not fed: nothing follows it.
 * @throws when the option has no token, or none before it
 * @example scoredOption({ ids: [5, 6, 7, 8], from: 2 }) // { ids: [5, 6, 7], scored: [1, 2], targets: [7, 8] }
 */
export function scoredOption({ ids, from }: Pick<EncodedOption, "ids" | "from">): ScoredText {
  if (!(Number.isInteger(from) && from >= 1 && from < ids.length))
    fail("option", `tokens of its own from 1..${ids.length - 1} on`, from);
  const targets = ids.slice(from);
  return { ids: ids.slice(0, -1), scored: targets.map((_, i) => from - 1 + i), targets };
}

/**
 * Gives examples with their options as a batch. Where only right options are trained on, each example has one, with label 0.
 * @throws when there is no example, an example has no option, or its label is none of them
 * @example optionBatch([{ options: [scoredOption({ ids: [5, 6, 7], from: 1 })], label: 0 }]).input.targets // [[6, 7]]
 */
export function optionBatch(
  examples: readonly { readonly options: readonly ScoredText[]; readonly label: number }[],
): OptionBatch {
  if (examples.length === 0) fail("examples", "at least one", "none");
  examples.forEach(({ options, label }, b) => {
    if (options.length === 0) fail(`examples[${b}].options`, "at least one", "none");
    if (!(Number.isInteger(label) && label >= 0 && label < options.length))
      fail(`examples[${b}].label`, `an option in 0..${options.length - 1}`, label);
    options.forEach(({ scored, targets }, i) =>
      sameLength(`examples[${b}].options[${i}].targets`, targets.length, scored.length),
    );
  });
  const texts = examples.flatMap(({ options }) => options);
  return {
    input: {
      ids: texts.map(({ ids }) => ids),
      scored: texts.map(({ scored }) => scored),
      targets: texts.map(({ targets }) => targets),
    },
    options: examples.map(({ options }) => options.length),
    labels: examples.map(({ label }) => label),
  };
}

/**
 * Gives the batch of the encoded choices at these indices: with all options, to choose among, or with the right one alone (the first, where
 * several are right), to train on.
 * For example `choiceBatch(encodeChoices(copa, examples, tokenizer, { context }).choices, [0, 1], "right").options`: [1, 1].
 * @throws when an index is not a choice's
 */
export function choiceBatch(
  choices: readonly EncodedChoice[],
  indices: readonly number[],
  which: "all" | "right",
): OptionBatch {
  const chosen = indices.map((index) => choices[index] ?? fail("index", `0..${choices.length - 1}`, index));
  const several = which === "all" && chosen.some(({ right }) => right.length > 1);
  const batch = optionBatch(
    chosen.map(({ options, right }) => {
      const [label] = right;
      return which === "all"
        ? { options: options.map(scoredOption), label }
        : { options: [scoredOption(options[label])], label: 0 };
    }),
  );
  return several ? { ...batch, right: chosen.map(({ right }) => right) } : batch;
}

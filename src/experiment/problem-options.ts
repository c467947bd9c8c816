import { fail, positiveInteger } from "../check/check";
import { knownOptions, knownWord, namesOf } from "../check/known-options";
import type { Contrast } from "../task/contrast";
import type { Model } from "../model/model";
import { lengthFilter } from "../task/length-filter";
import { BEGINNINGS } from "../task/encode";
import type { Beginning, LengthLimits } from "../task/encode";
import { beginningOf, protocols, withOddities } from "../task/protocol";
import type { Protocol, ThousandOddities } from "../task/protocol";
import type { Amount, SampleOptions } from "../task/sample";
import type { Reading, Task } from "../task/task";
import type { Tokenizer } from "../text/tokenizer";

/** So many texts at most, or so many of each class (fewer where a class has fewer: the notices say so). */
export type Size = number | { readonly perClass: number };

/** Labelled texts of each class for an encoder's prototypes, where nothing is said. */
export const SHOTS = 8;

/** What can read a model's features (`ProblemOptions.readout`). */
export const READOUTS = ["prototypes", "probe", "calibrated", "captions"] as const;

/** How many texts a problem takes from a task, and how they are batched. */
export interface ProblemOptions {
  /** Draws prototypes, train and dev, and the order of batches. */
  readonly seed: number;
  readonly batchSize: number;
  readonly train: Size;
  readonly dev: Size;
  readonly test: number;
  /** Longer prompts are left out, before anything is drawn; absent: none. */
  readonly maxTokens?: number;
  /** Longer prompts of a causal model lose their beginning; absent: they are refused. */
  readonly cutTo?: number;
  /** What that cut does with the token that begins texts; default: as the protocol does, "kept" without one. */
  readonly beginning?: Beginning;
  /** Shorter texts are left out; default 0. */
  readonly minWords?: number;
  /** Labelled texts per class for an encoder's prototypes; default 8. Not used by language models. */
  readonly shots?: number;
  /**
   * What reads the model's features; default: an encoder's "prototypes", a language model's label words. With "probe" training starts where a linear
   * probe on the frozen features ends, with "calibrated" from label words with a scale and a bias that are fitted on the training texts.
   */
  readonly readout?: (typeof READOUTS)[number];
  /**
   * Each class said in sentences, for an encoder whose readout is "captions": their mean direction is the class's prototype, with no labelled text. Tasks
   * with the same captions are read alike, so that a run on one can be scored on another.
   */
  readonly captions?: readonly (readonly string[])[];
  /** Trains for the contrast of texts with captions at the same point, and reads with captions at the point, in place of frozen prototypes' cross-entropy. */
  readonly contrast?: Contrast;
  /**
   * Inverse temperature of the prototypes' cosines: a number (default 20, the recorded studies'), or fitted on the shots, each left out
   * of its own class's prototype. A scale that is too large makes a start over-confident: its loss is above chance, and whatever
   * flattens the output lowers it.
   */
  readonly prototypeScale?: number | "fitted";
  /** Draw as a reference protocol does: the whole test split, its seed, and how train and dev share what is short (`fewShot`, `thousand`). */
  readonly protocol?: Protocol;
  /** The reference's habits to draw with besides, so that its numbers can be had again; default none. */
  readonly oddities?: ThousandOddities;
  /** Threads where the problem itself opens an engine, to write answers; default 1. */
  readonly threads?: number;
}

const OPTIONS = namesOf<ProblemOptions>({
  seed: true,
  batchSize: true,
  train: true,
  dev: true,
  test: true,
  maxTokens: true,
  cutTo: true,
  beginning: true,
  minWords: true,
  shots: true,
  readout: true,
  captions: true,
  contrast: true,
  prototypeScale: true,
  protocol: true,
  oddities: true,
  threads: true,
});

/** The options that are one of a few words. */
const WORDS = {
  readout: READOUTS,
  beginning: BEGINNINGS,
  protocol: Object.keys(protocols),
} as const satisfies Partial<Record<keyof ProblemOptions, readonly string[]>>;

/**
 * Checks that a problem's options are known ones, and their words too: with one that is misspelt it would be another problem without a word.
 * @throws naming the option or the word, and those that are spelled most like it
 * @example checkProblemOptions({ seed: 0, batchSize: 8, train: 64, dev: 32, test: 32, maxTokens: 40 }) // undefined
 */
export function checkProblemOptions(options: ProblemOptions): void {
  knownOptions("openProblem", options, OPTIONS);
  for (const [name, known] of Object.entries(WORDS)) {
    const word = options[name as keyof typeof WORDS];
    if (word !== undefined) knownWord(name, word, known);
  }
}

function amountOf(size: Size): Amount {
  if (typeof size === "number") return { kind: "at most", count: size };
  return { kind: "per class", count: positiveInteger("perClass", size.perClass) };
}

/**
 * Says how long a problem's texts may be for a model of this context.
 * For example `limitsOf({ context: 4096 }, { ...options, cutTo: 2048, protocol: "thousand" })`: { context: 4096, cutTo: 2048, beginning: "dropped" }.
 */
export function limitsOf(
  { context }: { readonly context: number },
  { cutTo, protocol, beginning = beginningOf(protocol) }: ProblemOptions,
): LengthLimits {
  return { context, beginning, ...(cutTo === undefined ? {} : { cutTo }) };
}

/** Says whether a model's features are read by prototypes of labelled texts, or by a probe that is fitted on those too. */
export function takesShots({ head }: Pick<Model, "head">, { readout }: Pick<ProblemOptions, "readout">): boolean {
  return head === null && readout !== "captions";
}

/** Says how a task is sampled with these options. */
export function samplingOf(
  task: Task,
  reading: Reading,
  tokenizer: Tokenizer,
  { seed, train, dev, test, maxTokens, minWords = 0, protocol, oddities }: ProblemOptions,
): SampleOptions {
  const classes = task.kind === "classification";
  for (const [name, size] of Object.entries({ train, dev }))
    if (typeof size !== "number" && !classes) fail(`${name} of ${task.name}`, "a number: it has no classes", size);
  return {
    seed,
    train: amountOf(train),
    dev: amountOf(dev),
    test: { kind: "at most", count: test },
    ...(maxTokens === undefined && minWords === 0
      ? {}
      : {
          keep: lengthFilter(task, reading, tokenizer, { minWords, ...(maxTokens === undefined ? {} : { maxTokens }) }),
        }),
    ...(protocol && protocols[protocol]),
    ...(oddities && withOddities(task, oddities)),
  };
}

/** Gives what is said where texts were shortened. */
export function cutNotice(part: string, cut: number | undefined, count: number): readonly string[] {
  return cut === undefined || cut === 0
    ? []
    : [`${part}: ${cut} of ${count} texts were shortened to what the task allows`];
}

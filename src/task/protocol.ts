import { positiveInteger } from "../check/check";
import type { Beginning } from "./encode";
import type { Oddities, SampleOptions } from "./sample";
import type { Task } from "./task";

/** The published protocols by which texts are drawn. */
export type Protocol = "few-shot" | "thousand";

/** How a protocol draws, whatever it takes: the test split whole and by a seed of its own, and who gives way where texts are short. */
export const protocols: Readonly<Record<Protocol, Pick<SampleOptions, "testSeed" | "wholeTest" | "whenShort">>> = {
  "few-shot": { testSeed: 42, wholeTest: true },
  thousand: { testSeed: 0, wholeTest: true, whenShort: "halves" },
};

/**
 * Gives what a protocol's cut does with the token that begins texts, where a run does not say it. The thousand-text tables are AdaZeta's,
 * whose cut drops it; with "kept" they are cut as MeZO's.
 * @example beginningOf("thousand") // "dropped"
 * Source: yifanycc/AdaZeta@3659ba3, large_models, utils.py; see `Beginning`.
 */
export function beginningOf(protocol: Protocol | undefined): Beginning {
  return protocol === "thousand" ? "dropped" : "kept";
}

/** The data seeds of the few-shot tables; their mean and standard deviation are reported. */
export const fewShotSeeds: readonly number[] = [13, 21, 42, 87, 100];

/**
 * Makes RoBERTa-large's protocol: k texts of each class to train on, the next k of each class for dev, at most 1,000 to test on, drawn
 * with a seed of their own.
 * @example sampleTask(await loadTask("sst2"), fewShot(16, 13)).counts.train // [16, 16]
 * Source: princeton-nlp/MeZO@552cb1b, medium_models, tools/generate_k_shot_data.py (mode k-shot-1k-test). Departs: our permutation is
 * not numpy's, so the texts are others.
 */
export function fewShot(k: number, seed: number, oddities: Oddities = {}): SampleOptions {
  const each = { kind: "per class", count: positiveInteger("k", k) } as const;
  return {
    seed,
    train: each,
    dev: each,
    test: { kind: "at most", count: 1000 },
    ...protocols["few-shot"],
    oddities,
  };
}

/** The reference's habits that the protocol of 1,000 texts can have besides. */
export interface ThousandOddities extends Oddities {
  /** Dev takes what it takes in the reference, whatever is left: of WSC's 554 texts 54 to train on. */
  readonly referenceDev?: true;
}

/**
 * Gives the protocol of causal models: 1,000 texts to train on and 500 for dev (100 where the task says so) of one permutation, at most
 * 1,000 of the validation split to test on. Where there are fewer, dev takes at most half.
 * For example `sampleTask(await loadTask("cb"), thousand(cb)).counts`: train 150, dev 100, test 56.
 * Source: princeton-nlp/MeZO@552cb1b, large_models, run.py and tasks.py: the first 1,500 of a permutation with seed 0, dev the last
 * of them. Departs: our permutation is not numpy's.
 */
export function thousand(task: Task, seed = 0, oddities: ThousandOddities = {}): SampleOptions {
  return {
    seed,
    train: { kind: "at most", count: 1000 },
    dev: { kind: "at most", count: task.dev ?? 500 },
    test: { kind: "at most", count: 1000 },
    ...protocols.thousand,
    ...withOddities(task, oddities),
  };
}

/** Gives what the reference's habits change about a sample of a task. */
export function withOddities(
  { referenceDev: count }: Task,
  { referenceDev, ...others }: ThousandOddities,
): Pick<SampleOptions, "dev" | "whenShort" | "oddities"> {
  if (!referenceDev) return { oddities: others };
  return { ...(count !== undefined && { dev: { kind: "at most", count } }), whenShort: "dev first", oddities: others };
}

import { fail, nonNegativeInteger } from "../check/check";
import { randomKey } from "../random/key";
import { shuffled } from "../random/permutation";
import type { LoadedTask } from "./load-task";
import { classNames, classOf } from "./task";
import type { Example, Task } from "./task";
import { textKey } from "./text-key";

/** How many examples a part takes: k of each class, at most n in all, or everything that is left. */
export type Amount =
  | { readonly kind: "per class"; readonly count: number }
  | { readonly kind: "at most"; readonly count: number }
  | { readonly kind: "all" };

export interface SampleOptions {
  readonly seed: number;
  /** Labelled texts for the readout's prototypes. Default none. */
  readonly prototypes?: Amount;
  readonly train: Amount;
  /** Drawn from the train split, for every choice that is made. Default none. */
  readonly dev?: Amount;
  /** Drawn from the split that is kept for the end. Default all. */
  readonly test?: Amount;
  /** The test sample has a seed of its own, so that it stays the same over the seeds of a study. Default 0. */
  readonly testSeed?: number;
  /** Which examples may be drawn at all (see `lengthFilter`). Default every one. */
  readonly keep?: (example: Example) => boolean;
}

export type PartName = "prototypes" | "train" | "dev" | "test";

export interface Sample {
  readonly parts: Readonly<Record<PartName, readonly Example[]>>;
  /** Examples of each class in each part. */
  readonly counts: Readonly<Record<PartName, readonly number[]>>;
  /** Train examples left out because the same text comes earlier in train, or anywhere in the test split. */
  readonly removed: { readonly repeated: number; readonly inTest: number };
  /** One line for each part that got fewer examples than it asked for. */
  readonly notices: readonly string[];
}

/**
 * Draws prototypes, train and dev from the train split and test from the task's test split, without any text in two of them.
 * The train split is put in a seeded random order; prototypes take the first they want of it, then train, then dev (before
 * train where train takes "all"). So a larger dev changes neither train nor prototypes. A class with fewer examples than asked for
 * gives all it has, and a notice says so.
 * @throws when prototypes or train end up empty though something was asked for, or a split is not there
 * Source: k per class for train, the next k for dev, seeded: the protocol of MeZO's medium_models; a capped test split with a fixed
 * seed likewise. Departs: repeated texts are removed, which the reference does not do.
 */
export function sampleTask(loaded: LoadedTask, options: SampleOptions): Sample {
  const { task, splits } = loaded;
  const { seed, testSeed = 0, keep = () => true } = options;
  const { prototypes = none, train, dev = none, test = { kind: "all" } } = options;
  const testSplit = splits[task.testSplit] ?? fail(`split ${task.testSplit} of ${task.name}`, "examples", "none");
  const trainSplit = splits.train ?? fail(`split train of ${task.name}`, "examples", "none");

  const testTexts = new Set(testSplit.map((example) => textKey(example)));
  const outside = trainSplit.filter((example) => !testTexts.has(textKey(example)));
  const pool = withoutRepeats(outside);
  const order: readonly Part[] = [
    { name: "prototypes", amount: prototypes },
    ...(train.kind === "all"
      ? [{ name: "dev", amount: dev } as const, { name: "train", amount: train } as const]
      : [{ name: "train", amount: train } as const, { name: "dev", amount: dev } as const]),
  ];
  const fromTrain = draw(task, shuffled(randomKey(seed, "split"), pool), order, keep);
  const testOrder = shuffled(randomKey(testSeed, "split", 1), withoutRepeats(testSplit));
  const fromTest = draw(task, testOrder, [{ name: "test", amount: test }], keep);

  const parts = { prototypes: [], train: [], dev: [], ...fromTrain, test: fromTest.test };
  const counts = mapParts(parts, (examples) => countClasses(task, examples));
  const wanted: readonly Part[] = [...order, { name: "test", amount: test }];
  for (const { name, amount } of wanted)
    if (parts[name].length === 0 && !(amount.kind !== "all" && amount.count === 0))
      fail(`${name} of ${task.name}`, "at least one example that passes the filter", "none");
  return {
    parts,
    counts,
    removed: { repeated: outside.length - pool.length, inTest: trainSplit.length - outside.length },
    notices: wanted.flatMap(({ name, amount }) => shortfall(task, name, amount, counts[name])),
  };
}

const none: Amount = { kind: "at most", count: 0 };

interface Part {
  readonly name: PartName;
  readonly amount: Amount;
}

/** One walk over the examples: each goes to the first part that still wants its class. */
function draw(
  task: Task,
  examples: readonly Example[],
  order: readonly Part[],
  keep: (example: Example) => boolean,
): Readonly<Record<string, readonly Example[]>> {
  const open = order.map(({ name, amount }) => ({
    name,
    amount: checkedAmount(name, amount),
    taken: [] as Example[],
    perClass: new Array<number>(classNames(task).length).fill(0),
  }));
  for (const example of examples) {
    const part = open.find(({ amount, taken, perClass }) => {
      if (amount.kind === "all") return true;
      return (amount.kind === "per class" ? perClass[classOf(task, example)] : taken.length) < amount.count;
    });
    if (!part || !keep(example)) continue;
    part.taken.push(example);
    part.perClass[classOf(task, example)] += 1;
  }
  return Object.fromEntries(open.map(({ name, taken }) => [name, taken]));
}

function checkedAmount(name: string, amount: Amount): Amount {
  if (amount.kind !== "all") nonNegativeInteger(`${name}.count`, amount.count);
  return amount;
}

function withoutRepeats(examples: readonly Example[]): readonly Example[] {
  const seen = new Set<string>();
  return examples.filter((example) => {
    const key = textKey(example);
    return !seen.has(key) && seen.add(key);
  });
}

function countClasses(task: Task, examples: readonly Example[]): readonly number[] {
  return classNames(task).map((_, label) => examples.filter((example) => classOf(task, example) === label).length);
}

function mapParts<T>(
  parts: Readonly<Record<PartName, readonly Example[]>>,
  change: (examples: readonly Example[]) => T,
): Readonly<Record<PartName, T>> {
  const { prototypes, train, dev, test } = parts;
  return { prototypes: change(prototypes), train: change(train), dev: change(dev), test: change(test) };
}

function shortfall(task: Task, name: PartName, amount: Amount, counts: readonly number[]): readonly string[] {
  if (amount.kind === "all") return [];
  if (amount.kind === "at most") {
    const total = counts.reduce((a, b) => a + b, 0);
    return total < amount.count ? [`${name}: ${amount.count} asked for, ${total} there`] : [];
  }
  const short = classNames(task).flatMap((label, c) => (counts[c] < amount.count ? [`${label} has ${counts[c]}`] : []));
  return short.length > 0 ? [`${name}: ${amount.count} per class asked for, ${short.join(", ")}`] : [];
}

import { fail, nonNegativeInteger } from "../check/check";
import { randomKey } from "../random/key";
import { shuffled } from "../random/permutation";
import type { LoadedTask } from "./loaded-task";
import { classNames, classOf } from "./task";
import type { Example, Task } from "./task";
import { textKeys } from "./text-key";

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
  /** Repeated texts of the test split stay, so that it is the literature's; default: they are removed. */
  readonly wholeTest?: true;
  /** Which examples may be drawn at all (see `lengthFilter`). Default every one. */
  readonly keep?: (example: Example) => boolean;
  /**
   * Who goes short where train and dev together ask for more examples than there are: dev ("train first", the default), or train,
   * with dev taking what it asks for ("dev first", as the reference's large models do) or at most half of what there is ("halves").
   */
  readonly whenShort?: "train first" | "dev first" | "halves";
  /** What the reference does and we do not; see `Oddities`. Default none. */
  readonly oddities?: Oddities;
}

/** Habits of the reference that make its numbers hard to compare, for whoever wants to have them again; all off by default. */
export interface Oddities {
  /** Texts that come twice, or in train and test, stay. */
  readonly keepRepeats?: true;
  /** Dev is the test sample: what is looked at while training is what is reported (yifanycc/AdaZeta@3659ba3, RoBERTa trainer). */
  readonly testForDev?: true;
}

export type PartName = "prototypes" | "train" | "dev" | "test";

export interface Sample {
  readonly parts: Readonly<Record<PartName, readonly Example[]>>;
  /** Examples of each class in each part. */
  readonly counts: Readonly<Record<PartName, readonly number[]>>;
  /** Train examples left out because the same text comes earlier in train, or anywhere in the test split. */
  readonly removed: { readonly repeated: number; readonly inTest: number };
  /** One line for each part that got fewer examples than it asked for, or texts of a single class. */
  readonly notices: readonly string[];
}

/**
 * Draws prototypes, train and dev from the train split and test from the task's test split, without any text in two of them.
 * The train split is put in a seeded random order; prototypes take the first they want of it, then train, then dev (before
 * train where train takes "all"). So a larger dev changes neither train nor prototypes. A class with fewer examples than asked for
 * gives all it has, and a notice says so.
 * The permutation is ours (Threefry): with the same seed numpy's, and so the reference's samples, are others.
 * @throws when a part ends up empty though something was asked for, or a split is not there
 * Source: k per class for train, the next k for dev, seeded: the protocol of MeZO's medium_models; a capped test split with a fixed
 * seed likewise. Departs: repeated texts are removed, which the reference does not do.
 */
export function sampleTask(loaded: LoadedTask, options: SampleOptions): Sample {
  const { task } = loaded;
  const { seed, testSeed = 0, wholeTest = false, keep = () => true } = options;
  const { prototypes = none, train, dev = none, test = { kind: "all" }, whenShort = "train first" } = options;
  const { keepRepeats = false, testForDev = false } = options.oddities ?? {};
  const { testSplit, trainSplit, outside, pool, keyOf } = poolOf(loaded, keepRepeats);
  const devPart: Part = { name: "dev", amount: testForDev ? none : dev };
  const trainPart: Part = { name: "train", amount: train };
  const shorter = whenShort === "train first" ? null : devWhenShort(pool, keep, train, devPart.amount, whenShort);
  const order: readonly Part[] = [
    { name: "prototypes", amount: prototypes },
    ...(shorter !== null ? [{ ...devPart, amount: shorter }, trainPart] : []),
    ...(shorter === null ? (train.kind === "all" ? [devPart, trainPart] : [trainPart, devPart]) : []),
  ];
  const fromTrain = draw(task, shuffled(randomKey(seed, "split"), pool), order, keep);
  const testOrder = shuffled(
    randomKey(testSeed, "split", 1),
    keepRepeats || wholeTest ? testSplit : withoutRepeats(testSplit, keyOf),
  );
  const fromTest = draw(task, testOrder, [{ name: "test", amount: test }], keep);

  const drawn = { prototypes: [], train: [], dev: [], ...fromTrain, test: fromTest.test };
  const parts = testForDev ? { ...drawn, dev: drawn.test } : drawn;
  const counts = mapParts(parts, (examples) => countClasses(task, examples));
  const wanted: readonly Part[] = [
    { name: "prototypes", amount: prototypes },
    trainPart,
    devPart,
    { name: "test", amount: test },
  ];
  for (const { name, amount } of wanted)
    if (parts[name].length === 0 && !(amount.kind !== "all" && amount.count === 0))
      fail(
        `${name} of ${task.name}`,
        name === "test" && testSplit.length === 0
          ? `at least one example${whereNoTest(task)}`
          : `at least one example that passes the filter${leftBy(name, order, counts)}${name === "test" ? "" : whereAll(trainSplit, outside, pool, keep)}`,
        "none",
      );
  return {
    parts,
    counts,
    removed: { repeated: outside.length - pool.length, inTest: trainSplit.length - outside.length },
    notices: [
      ...wanted.flatMap(({ name, amount }) => shortfall(task, name, amount, counts[name])),
      ...wanted.flatMap(({ name }) => oneClass(task, name, counts[name])),
      ...(testForDev ? ["dev is the test sample: its figures are no estimate of new texts"] : []),
    ],
  };
}

/** Texts of the two splits that are drawn from. */
interface Texts {
  /** Of the train split: what prototypes, train and dev have together. */
  readonly train: number;
  readonly test: number;
}

/** Gives how many texts there are to be drawn, counted no further than to what is wanted: a large split is not read to its end. @throws when a split is not there */
export function textsToDraw(
  loaded: LoadedTask,
  { keep = () => true, oddities, wholeTest }: Pick<SampleOptions, "keep" | "oddities" | "wholeTest">,
  most: Texts,
): Texts {
  const keepRepeats = oddities?.keepRepeats === true;
  const { pool, testSplit, keyOf } = poolOf(loaded, keepRepeats);
  const tests = keepRepeats || wholeTest === true ? testSplit : withoutRepeats(testSplit, keyOf);
  return { train: countUpTo(most.train, pool, keep), test: countUpTo(most.test, tests, keep) };
}

/** Counts the examples that pass, as far as to `most`. */
function countUpTo(most: number, examples: readonly Example[], keep: (example: Example) => boolean): number {
  let count = 0;
  for (const example of examples) {
    if (count >= most) break;
    if (keep(example)) count += 1;
  }
  return count;
}

interface Pool {
  readonly testSplit: readonly Example[];
  readonly trainSplit: readonly Example[];
  /** Those of the train split that are no test texts. */
  readonly outside: readonly Example[];
  /** Those of them that come for the first time. */
  readonly pool: readonly Example[];
  readonly keyOf: (example: Example) => string;
}

function poolOf({ task, splits }: LoadedTask, keepRepeats: boolean): Pool {
  const testSplit = splits[task.testSplit] ?? fail(`split ${task.testSplit} of ${task.name}`, "examples", "none");
  const trainSplit = splits.train ?? fail(`split train of ${task.name}`, "examples", "none");
  const keyOf = textKeys();
  const testTexts = new Set(testSplit.map(keyOf));
  const outside = keepRepeats ? trainSplit : trainSplit.filter((example) => !testTexts.has(keyOf(example)));
  return { testSplit, trainSplit, outside, pool: keepRepeats ? outside : withoutRepeats(outside, keyOf), keyOf };
}

/** What parts before one took, where it is they that left nothing: whoever has few texts sees where to ask for fewer. */
function leftBy(name: PartName, order: readonly Part[], counts: Sample["counts"]): string {
  const at = order.findIndex((part) => part.name === name);
  const before = at < 0 ? [] : order.slice(0, at);
  const took = before.map((part) => [part.name, textsIn(counts[part.name])] as const).filter(([, count]) => count > 0);
  return took.length === 0
    ? ""
    : `, and is left by ${took.map(([part, count]) => `${part} (${count})`).join(" and ")}: ask for fewer there`;
}

/** Says why a user's own table keeps none for test. */
function whereNoTest({ own }: Task): string {
  return own?.test === null
    ? ": without a testFile every fourth row is kept for it, of each class; there are too few"
    : "";
}

/** Says what became of the training split's texts before any part took one, where that is more than nothing. */
function whereAll(
  split: readonly Example[],
  outside: readonly Example[],
  pool: readonly Example[],
  keep: (example: Example) => boolean,
): string {
  const lost = [
    [split.length - outside.length, "are test texts too"],
    [outside.length - pool.length, "are there twice"],
    [pool.filter((example) => !keep(example)).length, "are too long or too short"],
  ] as const;
  const told = lost.filter(([count]) => count > 0).map(([count, why]) => `${count} ${why}`);
  return told.length === 0 ? "" : ` (of ${split.length} texts ${told.join(", ")})`;
}

/** Gives how many texts a part has, of all its classes. @example textsIn([3, 4]) // 7 */
export function textsIn(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** What dev takes where train and dev ask for more than there is; null where there is enough for both. */
function devWhenShort(
  pool: readonly Example[],
  keep: (example: Example) => boolean,
  train: Amount,
  dev: Amount,
  whenShort: "dev first" | "halves",
): Amount | null {
  if (train.kind !== "at most" || dev.kind !== "at most") return null;
  const available = countUpTo(train.count + dev.count, pool, keep);
  if (available >= train.count + dev.count) return null;
  return whenShort === "dev first" ? dev : { ...dev, count: Math.min(dev.count, Math.floor(available / 2)) };
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

function withoutRepeats(examples: readonly Example[], keyOf: (example: Example) => string): readonly Example[] {
  const seen = new Set<string>();
  return examples.filter((example) => {
    const key = keyOf(example);
    return !seen.has(key) && seen.add(key);
  });
}

/** Says how many of the examples each class has. */
export function countClasses(task: Task, examples: readonly Example[]): readonly number[] {
  const counts = new Array<number>(classNames(task).length).fill(0);
  for (const example of examples) counts[classOf(task, example)] += 1;
  return counts;
}

function mapParts<T>(
  parts: Readonly<Record<PartName, readonly Example[]>>,
  change: (examples: readonly Example[]) => T,
): Readonly<Record<PartName, T>> {
  const { prototypes, train, dev, test } = parts;
  return { prototypes: change(prototypes), train: change(train), dev: change(dev), test: change(test) };
}

/** Says of a part with texts of a single class what that makes of its figures. */
function oneClass(task: Task, name: PartName, counts: readonly number[]): readonly string[] {
  const there = counts.flatMap((count, label) => (count > 0 ? [label] : []));
  if (task.kind !== "classification" || name === "prototypes" || there.length !== 1) return [];
  const count = textsIn(counts);
  const what = `${name}: ${count === 1 ? "its only text has" : `all ${count} texts have`} the class ${task.labels[there[0]]}`;
  return [name === "train" ? `${what}: nothing else can be learned` : `${what}: whoever answers that alone is right`];
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

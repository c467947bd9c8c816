import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadTask } from "../../src/task/load-task";
import type { LoadedTask } from "../../src/task/loaded-task";
import { sampleTask } from "../../src/task/sample";
import type { Sample, SampleOptions } from "../../src/task/sample";
import { sst2 } from "../../src/task/defs/sst2";
import type { Example } from "../../src/task/task";
import { textKey } from "../../src/task/text-key";
import { findData, missingData } from "../support/data";
import { skipUnless } from "../support/skip";
import { throwsWith } from "../support/throws";

const test = suite("task/sample");
const dataDirectory = findData();
const withData = skipUnless(dataDirectory !== null, missingData);

const review = (sentence: string, label: number): Example => ({
  fields: { sentence },
  label,
  where: { file: "x", line: 1 },
});
const loadedFrom = (train: readonly Example[], validation: readonly Example[]): LoadedTask => ({
  task: sst2,
  splits: { train, validation, test: null },
  origin: { kind: "samples", description: "made for a test", hash: "" },
  notices: [],
});
/** 20 negative and 6 positive train texts, 4 to test on. */
const small = loadedFrom(
  Array.from({ length: 26 }, (_, i) => review(`train ${i}`, i < 20 ? 0 : 1)),
  Array.from({ length: 4 }, (_, i) => review(`test ${i}`, i % 2)),
);
const perClass = (count: number) => ({ kind: "per class", count }) as const;
const atMost = (count: number) => ({ kind: "at most", count }) as const;
const texts = (examples: readonly Example[]) => examples.map(({ fields }) => fields.sentence ?? fields.question);
const allTexts = ({ parts }: Sample) => [parts.prototypes, parts.train, parts.dev, parts.test].flatMap(texts);

test("the worked counts: 2 per class, then 3 per class, then at most 4 of what is left", () => {
  const { counts, parts, notices, removed } = sampleTask(small, {
    seed: 1,
    prototypes: perClass(2),
    train: perClass(3),
    dev: atMost(4),
    test: atMost(3),
  });
  assert.equal(
    [counts.prototypes, counts.train],
    [
      [2, 2],
      [3, 3],
    ],
  );
  assert.equal([parts.dev.length, parts.test.length], [4, 3]);
  assert.equal(notices, ["dev: all 4 texts have the class negative: whoever answers that alone is right"]);
  assert.equal(removed, { repeated: 0, inTest: 0 });
});

test("a class with too few examples gives what it has, and a notice says so", () => {
  // positive: 6 in all, 2 are prototypes, 4 remain of the 5 asked for
  const { counts, notices } = sampleTask(small, {
    seed: 1,
    prototypes: perClass(2),
    train: perClass(5),
    test: atMost(9),
  });
  assert.equal(counts.train, [5, 4]);
  assert.equal(notices, ["train: 5 per class asked for, positive has 4", "test: 9 asked for, 4 there"]);
});

test("a part whose texts have a single class is told, as its figures say little", () => {
  const train = Array.from({ length: 12 }, (_, i) => review(`train ${i}`, 1));
  const tests = Array.from({ length: 3 }, (_, i) => review(`test ${i}`, 0));
  const drawn = { seed: 1, prototypes: perClass(2), train: atMost(4), dev: atMost(4), test: atMost(3) };
  assert.equal(sampleTask(loadedFrom(train, tests), drawn).notices.slice(1), [
    "train: all 4 texts have the class positive: nothing else can be learned",
    "dev: all 4 texts have the class positive: whoever answers that alone is right",
    "test: all 3 texts have the class negative: whoever answers that alone is right",
  ]);
});

test("the same seed gives the same sample, another seed another, and the test sample stays", () => {
  const options = { train: atMost(8), dev: atMost(4), test: atMost(2) };
  const sample = (seed: number, more: Partial<SampleOptions> = {}) => sampleTask(small, { seed, ...options, ...more });
  assert.equal(sample(3), sample(3));
  assert.not.equal(texts(sample(3).parts.train), texts(sample(4).parts.train));
  assert.equal(texts(sample(3).parts.test), texts(sample(4).parts.test));
  assert.equal(sample(3).parts.train, sample(3, { dev: atMost(9) }).parts.train, "a larger dev leaves train as it is");
});

test("no text is in two parts, whatever its case, its spaces and its label", () => {
  const train = ["One film", "one  film", "two films", "Test 0", "three films", "two films"].map((s, i) =>
    review(s, i % 2),
  );
  const sample = sampleTask(loadedFrom(train, small.splits.validation ?? []), {
    seed: 0,
    prototypes: atMost(1),
    train: { kind: "all" },
    dev: atMost(1),
  });
  assert.equal(
    allTexts(sample)
      .slice(0, 3)
      .map((text) => text.toLowerCase())
      .sort(),
    ["one film", "three films", "two films"],
  );
  assert.equal(sample.removed, { repeated: 2, inTest: 1 });
});

test("a text of the test split stays out of train even where the test sample does not use it", () => {
  const train = [...(small.splits.train ?? []), review("TEST 0", 0), review("test 1", 0), review("test 2", 0)];
  const loaded = loadedFrom(train, small.splits.validation ?? []);
  const { parts, removed } = sampleTask(loaded, { seed: 0, train: { kind: "all" }, test: atMost(1) });
  assert.equal([parts.train.length, parts.test.length, removed.inTest], [26, 1, 3]);
});

test("train `all` leaves dev its share first", () => {
  const { parts } = sampleTask(small, { seed: 0, train: { kind: "all" }, dev: perClass(2) });
  assert.equal([parts.dev.length, parts.train.length, parts.prototypes.length], [4, 22, 0]);
});

test("the filter applies to every part", () => {
  const keep = ({ fields }: Example) => /[02468]$/.test(fields.sentence);
  const sample = sampleTask(small, { seed: 0, train: { kind: "all" }, dev: atMost(2), keep });
  assert.equal([sample.parts.train.length, sample.parts.dev.length, sample.parts.test.length], [11, 2, 2]);
  assert.ok(allTexts(sample).every((text) => /[02468]$/.test(text)));
});

test("an empty part that was asked for, a missing split and a count that is none are errors", () => {
  const keep = () => false;
  throwsWith(
    () => sampleTask(small, { seed: 0, train: atMost(4), keep }),
    /^train of sst2: expected at least one example that passes the filter \(of \d+ texts .*\d+ are too long or too short\), got "none"/,
  );
  // Where it is the parts before that leave nothing, they are named.
  const every = small.splits.train!.length;
  throwsWith(
    () => sampleTask(small, { seed: 0, prototypes: atMost(2), train: atMost(every), dev: atMost(4) }),
    /dev of sst2: expected at least one example that passes the filter, and is left by prototypes \(2\) and train \(\d+\): ask for fewer there( \(of \d+ texts .*\))?, got "none"/,
  );
  const none = { ...small, splits: { ...small.splits, validation: null } };
  throwsWith(() => sampleTask(none, { seed: 0, train: atMost(4) }), "split validation of sst2: expected examples");
  throwsWith(
    () => sampleTask(small, { seed: 0, train: atMost(-1) }),
    "train.count: expected a non-negative integer, got -1",
  );
});

/** Every text of every part is there once, and none of train's side is in the whole test split. */
function assertNoOverlap(loaded: LoadedTask, { parts }: Sample): void {
  const keys = [parts.prototypes, parts.train, parts.dev, parts.test].flat().map((e) => textKey(e));
  assert.is(new Set(keys).size, keys.length);
  const held = new Set((loaded.splits[loaded.task.testSplit] ?? []).map((e) => textKey(e)));
  const seen = [parts.prototypes, parts.train, parts.dev].flat().filter((e) => held.has(textKey(e)));
  assert.is(seen.length, 0);
}

test("the project's samples are enough for the quick start", async () => {
  const loaded = await loadTask("trec", { hub: "off" });
  const sample = sampleTask(loaded, {
    seed: 0,
    prototypes: perClass(8),
    train: atMost(128),
    dev: atMost(100),
    test: atMost(100),
  });
  assert.equal(sample.notices, []);
  assert.equal(sample.counts.prototypes, [8, 8, 8, 8, 8, 8]);
  assertNoOverlap(loaded, sample);
});

withData(test, "the real TREC and SST-2 are sampled without overlap, with their repeated texts removed", async () => {
  for (const name of ["trec", "sst2"]) {
    const loaded = await loadTask(name, { dataDirectory: dataDirectory ?? "" });
    const options = { prototypes: perClass(8), train: atMost(1000), dev: atMost(500), test: atMost(1000) };
    const sample = sampleTask(loaded, { seed: 13, ...options });
    assertNoOverlap(loaded, sample);
    assert.is(sample.parts.train.length, 1000);
    assert.ok(sample.removed.repeated > 0);
  }
});

withData(
  test,
  "the real TREC has 86 abbreviations before repeated texts are removed: k = 100 takes what there is",
  async () => {
    const loaded = await loadTask("trec", { dataDirectory: dataDirectory ?? "" });
    const { counts, notices } = sampleTask(loaded, { seed: 0, train: perClass(100) });
    assert.ok(counts.train[2] < 86 && counts.train[2] > 60, `${counts.train[2]}`);
    assert.equal(notices, [`train: 100 per class asked for, Abbreviation has ${counts.train[2]}`]);
  },
);

test.run();

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { LoadedTask } from "../../src/task/loaded-task";
import { loadTask } from "../../src/task/load-task";
import { fewShot, fewShotSeeds, thousand } from "../../src/task/protocol";
import { sampleTask } from "../../src/task/sample";
import type { Example } from "../../src/task/task";
import { taskNamed } from "../../src/task/tasks";
import { findData, missingData } from "../support/data";
import { skipUnless } from "../support/skip";
import { throwsWith } from "../support/throws";

const test = suite("task/protocol");
const dataDirectory = findData();
const withData = skipUnless(dataDirectory !== null, missingData);

/** A task with so many texts of each class in train and so many in its test split. */
function made(name: string, train: readonly number[], held: number): LoadedTask {
  const task = taskNamed(name);
  const example = (text: string, label: number): Example => ({
    fields: Object.fromEntries(Object.keys(task.fields).map((field) => [field, text])),
    label,
    where: { file: "x", line: 1 },
  });
  const examples = train.flatMap((count, label) =>
    Array.from({ length: count }, (_, i) => example(`${label} ${i}`, label)),
  );
  const kept = Array.from({ length: held }, (_, i) => example(`held ${i}`, i % train.length));
  return {
    task,
    splits: { train: examples, validation: null, test: null, [task.testSplit]: kept },
    origin: { kind: "samples", description: "made for a test", hash: "" },
    notices: [],
  };
}
const total = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);

test("k-shot: k a class for train, the next k for dev, 1,000 of the test split, the same for every seed", () => {
  const loaded = made("sst2", [60, 40], 1200);
  const samples = fewShotSeeds.map((seed) => sampleTask(loaded, fewShot(16, seed)));
  for (const { counts } of samples)
    assert.equal(
      [counts.train, counts.dev],
      [
        [16, 16],
        [16, 16],
      ],
    );
  assert.is(samples[0].parts.test.length, 1000);
  assert.equal(samples[0].parts.test, samples[4].parts.test);
  assert.not.equal(samples[0].parts.train, samples[1].parts.train);
});

test("k larger than a class takes all there is and records the real counts; a dev without any is an error", () => {
  const { counts, notices } = sampleTask(made("sst2", [600, 700], 10), fewShot(512, 13));
  assert.equal(
    [counts.train, counts.dev],
    [
      [512, 512],
      [88, 188],
    ],
  );
  assert.equal(notices, [
    "dev: 512 per class asked for, negative has 88, positive has 188",
    "test: 1000 asked for, 10 there",
  ]);
  throwsWith(() => sampleTask(made("sst2", [5, 5], 4), fewShot(16, 13)), "dev of sst2: expected at least one example");
  throwsWith(() => fewShot(0, 13), "k: expected a positive integer, got 0");
});

test("1,000 and 500 of train, 1,000 of the split that is reported on", () => {
  const { counts, notices } = sampleTask(made("boolq", [1000, 1000], 1100), thousand(taskNamed("boolq")));
  assert.equal([total(counts.train), total(counts.dev), total(counts.test), notices], [1000, 500, 1000, []]);
});

test("CB and COPA: 100 for dev, the rest for train, all 56 and 100 to test on", () => {
  const cb = sampleTask(made("cb", [115, 119, 16], 56), thousand(taskNamed("cb")));
  assert.equal([cb.counts.train, cb.counts.dev, cb.counts.test].map(total), [150, 100, 56]);
  const copa = sampleTask(made("copa", [400], 100), thousand(taskNamed("copa")));
  assert.equal([copa.counts.train, copa.counts.dev, copa.counts.test], [[300], [100], [100]]);
});

test("dev takes at most half of what there is", () => {
  const { counts, notices } = sampleTask(made("record", [32], 32), thousand(taskNamed("record")));
  assert.equal([counts.train, counts.dev], [[16], [16]]);
  assert.equal(notices.slice(0, 2), ["train: 1000 asked for, 16 there", "dev: 500 asked for, 16 there"]);
});

test("the reference's oddities: 54 of WSC's texts to train on, the test sample as dev, repeated texts", () => {
  const wsc = made("wsc", [295, 259], 104);
  const counted = (options = {}) => {
    const { counts } = sampleTask(wsc, thousand(taskNamed("wsc"), 0, options));
    return [counts.train, counts.dev, counts.test].map(total);
  };
  assert.equal(counted(), [454, 100, 104]);
  assert.equal(counted({ referenceDev: true }), [54, 500, 104]);
  const looked = sampleTask(wsc, thousand(taskNamed("wsc"), 0, { testForDev: true }));
  assert.equal(looked.parts.dev, looked.parts.test);
  assert.ok(looked.notices.includes("dev is the test sample: its figures are no estimate of new texts"));
  assert.is(total(looked.counts.train), 554);
  const twice = {
    ...wsc,
    splits: { ...wsc.splits, train: [...wsc.splits.train!, ...wsc.splits.validation!.slice(0, 9)] },
  };
  assert.is(total(sampleTask(twice, thousand(taskNamed("wsc"))).counts.train), 454);
  assert.is(total(sampleTask(twice, thousand(taskNamed("wsc"), 0, { keepRepeats: true })).counts.train), 463);
});

withData(test, "the real tasks give the protocols' numbers, WSC and CB all of their test split", async () => {
  const counted = async (name: string) => {
    const loaded = await loadTask(name, { dataDirectory: dataDirectory ?? "", hub: "off" });
    const { counts } = sampleTask(loaded, thousand(loaded.task));
    return [counts.train, counts.dev, counts.test].map(total);
  };
  assert.equal(await counted("cb"), [150, 100, 56]);
  assert.equal(await counted("copa"), [300, 100, 100]);
  assert.equal(await counted("wsc"), [425, 100, 104]);
  assert.equal(await counted("rte"), [1000, 500, 277]);
  assert.equal(await counted("multirc"), [1000, 500, 1000]);
});

test.run();

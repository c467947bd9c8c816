import { suite } from "uvu";
import * as assert from "uvu/assert";
import { optionsToFit, sharedSizes } from "../../src/experiment/shared-sizes";
import { sst2 } from "../../src/task/defs/sst2";
import type { LoadedTask } from "../../src/task/loaded-task";
import { tinyLoaded } from "../support/tiny-problem";

const test = suite("experiment/shared-sizes");
const asked = { train: 128, dev: 100, shots: 8 };

test("whatever there is, it is given out and no part is empty", () => {
  for (const classes of [0, 2, 3, 6])
    for (let texts = 2 + classes; texts <= 300; texts++) {
      const { train, dev, shots } = sharedSizes(asked, texts, classes);
      const all = train + dev + classes * shots;
      assert.ok(train >= 1 && dev >= 1 && shots >= 1 && train <= 128 && dev <= 100 && shots <= 8);
      // Prototypes are whole for each class.
      const most = Math.min(texts, 228 + classes * 8);
      assert.ok(all <= most && all > most - Math.max(1, classes), `${texts} texts, ${classes} classes: ${all}`);
    }
});

/** So many phrases to train on, two of them there twice and one a test text. */
const loaded = (count: number): LoadedTask => {
  const phrase = (text: string, label: number) => ({
    fields: { sentence: text },
    label,
    where: { file: "x", line: 1 },
  });
  const own = Array.from({ length: count }, (_, i) => phrase(`phrase ${i}`, i % 2));
  const tests = [phrase("kept", 0), phrase("away", 1)];
  return {
    task: sst2,
    splits: { train: [...own, own[0]!, own[1]!, tests[0]!], validation: tests, test: null },
    origin: { kind: "samples", description: "made for a test", hash: "" },
    notices: [],
  };
};
const options = { seed: 0, batchSize: 8, train: 128, dev: 100, test: 200 };

test("only texts that may be drawn count, and only an encoder has prototypes", () => {
  assert.equal(optionsToFit(tinyLoaded("bert"), loaded(61), options), { ...options, train: 32, dev: 25, shots: 2 });
  assert.equal(optionsToFit(tinyLoaded("llama"), loaded(57), options), { ...options, train: 32, dev: 25 });
  const short = { ...options, minWords: 3 };
  assert.equal(optionsToFit(tinyLoaded("llama"), loaded(57), short).train, 1);
});

test("sizes that there are texts enough for, or that are a number of each class, stay", () => {
  assert.is(optionsToFit(tinyLoaded("bert"), loaded(244), options), options);
  const each = { ...options, train: { perClass: 16 } };
  assert.is(optionsToFit(tinyLoaded("bert"), loaded(20), each), each);
});

test.run();

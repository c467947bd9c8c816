import { suite } from "uvu";
import * as assert from "uvu/assert";
import { optionsToFit, sharedSizes } from "../../src/experiment/shared-sizes";
import type { Sizes } from "../../src/experiment/shared-sizes";
import { sst2 } from "../../src/task/defs/sst2";
import type { LoadedTask } from "../../src/task/loaded-task";
import { throwsWith } from "../support/throws";
import { tinyLoaded } from "../support/tiny-problem";

const test = suite("experiment/shared-sizes");
const asked = { train: 128, dev: 100, shots: 8 };

const SAID: readonly (readonly (keyof Sizes)[])[] = [[], ["train"], ["dev"], ["shots"], ["train", "shots"], ["dev", "shots"]]; // prettier-ignore

test("whatever there is, it is given out, no part is empty, and what was said stays where there is enough beside it", () => {
  for (const classes of [0, 2, 3, 6])
    for (let texts = 2 + classes; texts <= 300; texts++)
      for (const said of SAID) {
        const { train, dev, shots } = sharedSizes(asked, texts, classes, said);
        const where = `${texts} texts, ${classes} classes, ${said.join()}: ${train} ${dev} ${shots}`;
        assert.ok(train >= 1 && dev >= 1 && shots >= 1 && train <= 128 && dev <= 100 && shots <= 8, where);
        // Prototypes are whole for each class.
        const [all, most] = [train + dev + classes * shots, Math.min(texts, 228 + classes * 8)];
        assert.ok(all <= most && all > most - Math.max(1, classes), where);
        const kept = { train: 128, dev: 100, shots: 8 * classes };
        const left = texts - said.reduce((sum, name) => sum + kept[name], 0);
        if (left >= 2 + classes) for (const name of said) assert.is({ train, dev, shots }[name], asked[name], where);
      }
});

test("prototypes read features: they have up to a third of the texts", () => {
  assert.equal([18, 45, 60, 90].map((texts) => sharedSizes(asked, texts, 3).shots), [2, 5, 6, 8]); // prettier-ignore
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
  assert.equal(optionsToFit(tinyLoaded("bert"), loaded(61), options), {
    ...options,
    train: 26,
    dev: 19,
    test: 2,
    shots: 8,
  });
  assert.equal(optionsToFit(tinyLoaded("llama"), loaded(57), options), { ...options, train: 32, dev: 25, test: 2 });
  const said = { ...options, test: 1 };
  assert.is(optionsToFit(tinyLoaded("llama"), loaded(57), said, { test: 1 }).test, 1);
  throwsWith(() => optionsToFit(tinyLoaded("bert"), loaded(3), options), 'texts of sst2: expected at least 4 that are no test texts: one of each class for prototypes, one to train on and one to evaluate on, got 3'); // prettier-ignore
});

test("sizes that there are texts enough for, or that are a number of each class, stay", () => {
  const enough = { ...options, test: 2 };
  assert.is(optionsToFit(tinyLoaded("bert"), loaded(244), enough), enough);
  const each = { ...enough, train: { perClass: 16 } };
  assert.is(optionsToFit(tinyLoaded("bert"), loaded(20), each), each);
});

test.run();

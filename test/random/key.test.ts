import { suite } from "uvu";
import * as assert from "uvu/assert";
import { generatorWords, randomKey, streams } from "../../src/random/key";
import { throwsWith } from "../support/throws";

const test = suite("random/key");

test("a seed above 2^32 fills two words of the generator's key", () => {
  // 3 * 2^32 + 7 -> low 7, high 3
  const words = generatorWords(randomKey(3 * 2 ** 32 + 7, "batch", 5, 6));
  assert.equal(words, { key: [7, 3, streams.batch, 2], counter: [0, 5, 6, 0] });
});

test("no two streams share a number", () => {
  assert.is(new Set(Object.values(streams)).size, Object.keys(streams).length);
});

test("seeds, streams and indices out of range are refused", () => {
  throwsWith(() => randomKey(-1, "batch"), "seed: expected a non-negative integer, got -1");
  throwsWith(() => randomKey(0.5, "batch"), "seed: expected a non-negative integer, got 0.5");
  throwsWith(() => randomKey(2 ** 53, "batch"), /^seed: expected a non-negative integer/);
  throwsWith(() => randomKey(0, "noise" as "batch"), /^stream: expected one of initialization, .*, got "noise"$/);
  throwsWith(() => randomKey(0, "batch", 1, 2, 3, 4), "index: expected at most 3 words, got [1,2,3,4]");
  throwsWith(() => randomKey(0, "batch", 1, -2), "index[1]: expected a non-negative integer, got -2");
  throwsWith(() => randomKey(0, "batch", 2 ** 32), "index[0]: expected less than 2^32, got 4294967296");
});

test.run();

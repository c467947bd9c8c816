import { suite } from "uvu";
import * as assert from "uvu/assert";
import { threefry, type Words } from "../../src/random/threefry";

const test = suite("random/threefry");

const hex = (words: Iterable<number>) => [...words].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join(" ");
const words = (text: string): Words => {
  const [a, b, c, d] = text.split(" ").map((word) => parseInt(word, 16));
  return [a, b, c, d];
};

// Random123, tests/kat_vectors, lines "threefry4x32 20": counter, key, output.
const knownAnswers = [
  ["00000000 00000000 00000000 00000000", "00000000 00000000 00000000 00000000", "9c6ca96a e17eae66 fc10ecd4 5256a7d8"],
  ["ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff ffffffff ffffffff", "2a881696 57012287 f6c7446e a16a6732"],
  ["243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0 082efa98 ec4e6c89", "59cd1dbb b8879579 86b5d00c ac8b6d84"],
] as const;

for (const [counter, key, answer] of knownAnswers) {
  test(`Random123's known answer for counter ${counter.slice(0, 8)}... comes out`, () => {
    const out = new Uint32Array(4);
    threefry(words(key), words(counter), out);
    assert.is(hex(out), answer);
  });
}

test("a fill of many blocks is the blocks of consecutive counters, past 2^32 as well", () => {
  const key = words("00000001 00000002 00000003 00000004");
  const many = new Uint32Array(12);
  threefry(key, [0xffffffff, 5, 6, 7], many);
  for (const [block, counter] of [0xffffffff, 0, 1].entries()) {
    const one = new Uint32Array(4);
    threefry(key, [counter, 5, 6, 7], one);
    assert.is(hex(many.subarray(4 * block, 4 * block + 4)), hex(one));
  }
});

test.run();

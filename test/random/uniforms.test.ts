import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bitsInto } from "../../src/random/bits";
import { randomKey } from "../../src/random/key";
import { integers, uniforms } from "../../src/random/uniforms";
import { throwsWith } from "../support/throws";

const test = suite("random/uniforms");

test("a uniform number is the upper 24 bits of the key's word", () => {
  const words = new Uint32Array(5);
  bitsInto(randomKey(2, "sample"), words);
  assert.equal(
    [...uniforms(randomKey(2, "sample"), 5)],
    [...words].map((word) => Math.floor(word / 256) / 2 ** 24),
  );
});

test("uniform numbers lie in [0, 1) with mean 1/2 and variance 1/12 within 4 standard errors", () => {
  const n = 200_000;
  const values = uniforms(randomKey(1, "sample"), n);
  assert.ok(values.every((x) => x >= 0 && x < 1));
  const mean = values.reduce((a, b) => a + b, 0) / n;
  const variance = values.reduce((sum, x) => sum + (x - 0.5) ** 2, 0) / n;
  assert.ok(Math.abs(mean - 0.5) < 4 * Math.sqrt(1 / 12 / n));
  assert.ok(Math.abs(variance - 1 / 12) < 4 * Math.sqrt(1 / 180 / n)); // var of (x - 1/2)^2 is 1/80 - 1/144 = 1/180
});

test("integers fill 0..bound-1 evenly (chi-square below its 4-sigma bound)", () => {
  const [n, bound] = [70_000, 7];
  const counts = new Array<number>(bound).fill(0);
  for (const value of integers(randomKey(1, "sample"), n, bound)) counts[value]++;
  const chiSquare = counts.reduce((sum, count) => sum + (count - n / bound) ** 2 / (n / bound), 0);
  assert.ok(chiSquare < 6 + 4 * Math.sqrt(12), `chi-square ${chiSquare} with 6 degrees of freedom`);
});

test("words in any number are a prefix of more of them", () => {
  const long = new Uint32Array(23);
  bitsInto(randomKey(4, "sample"), long);
  for (const size of [0, 1, 3, 4, 6, 22]) {
    const short = new Uint32Array(size);
    bitsInto(randomKey(4, "sample"), short);
    assert.equal(short, long.slice(0, size));
  }
});

test("impossible sizes and bounds are refused", () => {
  throwsWith(() => uniforms(randomKey(0, "sample"), 1.5), "size: expected a non-negative integer, got 1.5");
  throwsWith(() => integers(randomKey(0, "sample"), -1, 3), "size: expected a non-negative integer, got -1");
  throwsWith(() => integers(randomKey(0, "sample"), 1, 0), "bound: expected a positive integer, got 0");
  throwsWith(() => integers(randomKey(0, "sample"), 1, 2 ** 33), "bound: expected at most 2^32, got 8589934592");
});

test.run();

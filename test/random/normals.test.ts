import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bitsInto } from "../../src/random/bits";
import { randomKey } from "../../src/random/key";
import { normals, normalsInto } from "../../src/random/normals";
import { throwsWith } from "../support/throws";

const test = suite("random/normals");

test("values are Box and Muller's of the key's words, to the precision of Float32", () => {
  // u = (w0 + 1/2) / 2^32, radius = sqrt(-2 ln u); angle = pi/4 + psi, psi = ((w1 mod 2^30) - 2^29 + 1/2) pi / 2^31; two sign bits
  const size = 40_000;
  const key = randomKey(3, "check", 1);
  const words = new Uint32Array(size);
  bitsInto(key, words);
  const values = normals(key, size);
  for (let i = 0; i < size; i += 2) {
    const radius = Math.sqrt(-2 * Math.log((words[i] + 0.5) / 2 ** 32));
    const angle = Math.PI / 4 + ((words[i + 1] % 2 ** 30) - 2 ** 29 + 0.5) * (Math.PI / 2 ** 31);
    const x = (words[i + 1] >>> 31 ? -1 : 1) * radius * Math.cos(angle);
    const y = ((words[i + 1] >>> 30) & 1 ? -1 : 1) * radius * Math.sin(angle);
    assert.ok(Math.abs(values[i] - x) <= 6e-8 * Math.abs(x) + 1e-9, `${i}: ${values[i]} against ${x}`);
    assert.ok(Math.abs(values[i + 1] - y) <= 6e-8 * Math.abs(y) + 1e-9, `${i}: ${values[i + 1]} against ${y}`);
  }
});

test("the first values of seed 0 stay the same bits for ever: recorded runs depend on them", () => {
  const bits = new Uint32Array(normals(randomKey(0, "direction", 0, 0), 4).buffer);
  assert.equal(
    [...bits].map((word) => word.toString(16)),
    ["bf520d87", "3e413aaf", "3f5a7e50", "bf47cabd"],
  );
});

test("mean, variance, skewness and kurtosis are a standard normal's within 4 standard errors", () => {
  const n = 1_000_000;
  const values = normals(randomKey(11, "check"), n);
  const moment = (power: number) => values.reduce((sum, x) => sum + x ** power, 0) / n;
  // variances of x, x^2, x^3, x^4 under N(0, 1): 1, 2, 15, 96
  assert.ok(Math.abs(moment(1)) < 4 * Math.sqrt(1 / n));
  assert.ok(Math.abs(moment(2) - 1) < 4 * Math.sqrt(2 / n));
  assert.ok(Math.abs(moment(3)) < 4 * Math.sqrt(15 / n));
  assert.ok(Math.abs(moment(4) - 3) < 4 * Math.sqrt(96 / n));
});

test("tail probabilities are a standard normal's within 4 standard errors", () => {
  const n = 1_000_000;
  const values = normals(randomKey(12, "check"), n);
  for (const [bound, probability] of [
    [1, 0.31731051],
    [2, 0.04550026],
    [3, 0.0026997961],
    [4, 6.334248e-5],
  ]) {
    const share = values.reduce((count, x) => count + (Math.abs(x) > bound ? 1 : 0), 0) / n;
    const error = Math.sqrt((probability * (1 - probability)) / n);
    assert.ok(Math.abs(share - probability) < 4 * error, `beyond ${bound}: ${share}, expected ${probability}`);
  }
});

test("neighbours in one array, and arrays of neighbouring queries, steps, seeds and streams, are uncorrelated", () => {
  const n = 200_000;
  const base = normals(randomKey(5, "direction", 9, 2), n + 2);
  const others = [
    base.subarray(1),
    base.subarray(2),
    normals(randomKey(5, "direction", 9, 3), n),
    normals(randomKey(5, "direction", 10, 2), n),
    normals(randomKey(6, "direction", 9, 2), n),
    normals(randomKey(5, "mask", 9, 2), n),
    normals(randomKey(5 + 2 ** 32, "direction", 9, 2), n),
    normals(randomKey(5, "direction", 9, 2, 0), n),
  ];
  for (const [which, other] of others.entries()) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += base[i] * other[i];
    assert.ok(Math.abs(sum / n) < 4 / Math.sqrt(n), `pair ${which}: correlation ${sum / n}`);
  }
});

test("a shorter array is a prefix of a longer one, at every length around a block and a piece", () => {
  const key = randomKey(1, "initialization", 4);
  const long = normals(key, 9000);
  for (const size of [0, 1, 2, 3, 4, 5, 7, 4095, 4096, 4097, 8999]) {
    assert.equal(normals(key, size), long.slice(0, size), `size ${size}`);
  }
});

test("filling a view in the middle of a buffer touches nothing else", () => {
  const buffer = new Float32Array(20).fill(9);
  normalsInto(randomKey(1, "check"), buffer.subarray(3, 14));
  assert.equal([...buffer.subarray(0, 3), ...buffer.subarray(14)], new Array(9).fill(9));
  assert.equal(buffer.slice(3, 14), normals(randomKey(1, "check"), 11));
});

test("a size that is not a count is refused", () => {
  throwsWith(() => normals(randomKey(0, "check"), -1), "size: expected a non-negative integer, got -1");
});

test.run();

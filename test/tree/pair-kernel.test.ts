import { suite } from "uvu";
import * as assert from "uvu/assert";
import { normals } from "../../src/random/normals";
import { randomKey } from "../../src/random/key";
import { pairKernel } from "../../src/tree/pair-kernel";

const test = suite("tree/pair-kernel");

test("four numbers as worked by hand: 1..4 plus and minus half of 2, 4, 6, 8", () => {
  const { memory, pair } = pairKernel(16);
  memory.set([1, 2, 3, 4, 2, 4, 6, 8]);
  pair(0, 4, 8, 12, 4, 0.5);
  assert.equal([...memory.subarray(8, 16)], [2, 4, 6, 8, 0, 0, 0, 0]);
});

test("the bits are those of float32 arithmetic, product rounded first, whatever the number", () => {
  const size = 4000;
  const { memory, pair } = pairKernel(4 * size);
  const special = [0, -0, 1e-45, 1.2e-38, 3.4e38, -3.4e38, Infinity, -Infinity, NaN, 1 + 2 ** -23];
  const y = normals(randomKey(1, "check"), size);
  const x = normals(randomKey(2, "check"), size);
  y.set(special.flatMap((value) => special.map(() => value)));
  x.set(special.flatMap(() => special));
  const a = Math.fround(1e-3);
  memory.set(y);
  memory.set(x, size);
  pair(0, size, 2 * size, 3 * size, size, 1e-3);
  const bits = (values: Float32Array) => [...values].map((value) => (Number.isNaN(value) ? "nan" : value));
  const expected = (sign: number) => y.map((value, i) => value + sign * Math.fround(a * x[i]));
  assert.equal(bits(memory.slice(2 * size, 3 * size)), bits(expected(1)));
  assert.equal(bits(memory.slice(3 * size, 4 * size)), bits(expected(-1)));
});

test("a count that is no multiple of four is rounded up, and the kernel holds what was asked for", () => {
  const { memory, pair } = pairKernel(100_000);
  assert.ok(memory.length >= 100_000);
  memory.fill(1);
  pair(0, 8, 16, 24, 5, 1);
  assert.equal([...memory.subarray(16, 32)], [2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
  assert.is(memory[32], 1);
});

test.run();

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { keepFactors, keepOf } from "../../src/engine/keep-factors";
import { throwsWith } from "../support/throws";

const test = suite("engine/keep-factors");
const sites = Array.from({ length: 400 }, (_, i) => `layers.${i}.mlp.down`);

test("a share p of the factors is 0, the others are 1 / (1 - p), and their mean is about 1", () => {
  for (const p of [0.2, 0.5, 0.9]) {
    const factors = Array.from({ length: 50 }, (_, step) => [...keepFactors(sites, p, 3, step).values()]).flat();
    assert.equal([...new Set(factors)].sort(), [0, 1 / (1 - p)]);
    const mean = factors.reduce((sum, k) => sum + k, 0) / factors.length;
    // Five standard deviations of a mean of as many.
    assert.ok(Math.abs(mean - 1) < 5 * Math.sqrt(p / (1 - p) / factors.length), String(mean));
  }
  assert.equal([...new Set(keepFactors(sites, 0, 3, 0).values())], [1]);
});

test("equal seeds and steps give equal factors, others give others", () => {
  const of = (seed: number, step: number) => [...keepFactors(sites, 0.5, seed, step).values()].join();
  assert.is(of(1, 2), of(1, 2));
  assert.not(of(1, 2) === of(1, 3));
  assert.not(of(1, 2) === of(2, 2));
});

test("factors stand in the order of the adapter's sites, 1 where the batch names none", () => {
  const keep = new Map([["c", 0.5]]);
  assert.equal([...keepOf({ ids: [], keep }, { drops: ["a", "c"] })], [1, 0.5]);
  assert.equal([...keepOf({ ids: [] }, {})], []);
});

test("a probability that is none is refused", () => {
  for (const p of [-0.1, 1, NaN, 2])
    throwsWith(() => keepFactors(sites, p, 0, 0), `dropping: expected a number from 0 to below 1, got ${p}`);
});

test.run();

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkModes, matrixSize, product } from "../../src/tt/modes";
import { balancedModes, modesFor, presetModes } from "../../src/tt/plan";
import { throwsWith } from "../support/throws";

const test = suite("tt/plan");

test("384 splits into 6, 8, 8: their sum 22 is the least of all triples with that product", () => {
  assert.equal(balancedModes(384, 3), [6, 8, 8]);
  assert.equal(balancedModes(4096, 3), [16, 16, 16]);
  assert.equal(balancedModes(64, 2), [8, 8]);
  assert.equal(balancedModes(960, 3), [8, 10, 12]);
  assert.equal(balancedModes(12, 1), [12]);
});

test("sizes up to 200 in up to four modes have the least sum, as found by trying all lists", () => {
  const all = (size: number, count: number): number => {
    if (count === 1) return size;
    let best = Infinity;
    for (let d = 1; d <= size; d++) if (size % d === 0) best = Math.min(best, d + all(size / d, count - 1));
    return best;
  };
  for (let size = 1; size <= 200; size++) {
    for (const count of [1, 2, 3, 4]) {
      const modes = balancedModes(size, count);
      assert.is(modes.length, count);
      assert.is(product(modes), size);
      assert.is(
        modes.reduce((a, b) => a + b, 0),
        all(size, count),
        `${size} in ${count}: ${modes.join(" ")}`,
      );
      assert.equal(
        [...modes].sort((a, b) => a - b),
        modes,
      );
    }
  }
});

test("a prime width gets modes of 1", () => {
  assert.equal(modesFor(7, 64), { inputs: [1, 1, 7], outputs: [4, 4, 4] });
});

test("the presets' sizes get the presets' modes, other sizes three balanced ones", () => {
  assert.equal(modesFor(4096, 64), presetModes["llama-2-7b"].down);
  assert.equal(modesFor(64, 1024), { inputs: [8, 8], outputs: [16, 8, 8] });
  assert.equal(modesFor(384, 64), { inputs: [8, 6, 8], outputs: [8, 8] });
  assert.equal(modesFor(64, 384), { inputs: [8, 8], outputs: [8, 6, 8] });
  assert.equal(modesFor(576, 64), { inputs: [8, 8, 9], outputs: [4, 4, 4] });
  assert.equal(modesFor(64, 576), { inputs: [4, 4, 4], outputs: [8, 8, 9] });
  assert.equal(modesFor(2048, 64), { inputs: [8, 16, 16], outputs: [4, 4, 4] });
  for (const [name, { down, up }] of Object.entries(presetModes)) {
    assert.equal(matrixSize(down), [...matrixSize(up)].reverse(), name);
    assert.is(matrixSize(down)[1], 64);
  }
});

test("a large width is planned at once", () => {
  assert.is(product(balancedModes(2 ** 10 * 3 ** 5 * 5 ** 2, 4)), 2 ** 10 * 3 ** 5 * 5 ** 2);
});

test("modes that break a rule are named", () => {
  const refuse = (inputs: number[], message: string) =>
    throwsWith(() => checkModes("modes.down", { inputs, outputs: [8, 8] }, 384, 64), message);
  refuse([8, 8], "modes.down.inputs [8, 8]: expected a product of 384, got 64");
  refuse([8, 0, 8], "modes.down.inputs[1]: expected a positive integer, got 0");
  refuse([], "modes.down.inputs: expected at least one mode, got []");
  throwsWith(
    () => checkModes("modes.up", { inputs: [384], outputs: [9, 9] }, 384, 64),
    "modes.up.outputs [9, 9]: expected a product of 64, got 81",
  );
  throwsWith(() => balancedModes(0, 3), "size: expected a positive integer, got 0");
  throwsWith(() => balancedModes(8, 0), "count: expected a positive integer, got 0");
  throwsWith(() => modesFor(1.5, 64), "inputs: expected a positive integer, got 1.5");
  throwsWith(() => modesFor(64, -1), "outputs: expected a positive integer, got -1");
});

test.run();

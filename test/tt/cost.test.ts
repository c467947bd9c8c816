import { suite } from "uvu";
import * as assert from "uvu/assert";
import { applicationCost } from "../../src/tt/cost";
import { presetModes } from "../../src/tt/plan";
import { uniformRanks } from "../../src/tt/train";
import { throwsWith } from "../support/throws";

const test = suite("tt/cost");
const modes = presetModes["llama-2-7b"].down;
const train = { modes, ranks: uniformRanks(modes, 5) };

test("4096 x 64 at rank 5: contraction and rows counted by hand", () => {
  // left: 16*5*16*5 + 256*5*16*5 = 6,400 + 102,400; right: 5*4*5*4*5 + 5*16*5*4 = 2,000 + 1,600
  // all: 6,400 + 102,400 + 4096*5*4*5 + 16384*5*4*5 + 65536*5*4 = 3,467,520
  assert.equal(applicationCost(train, 0), { fastForward: 112_400, reconstruction: 3_467_520 });
  assert.equal(applicationCost(train, 10), {
    fastForward: 112_400 + 10 * 20_800,
    reconstruction: 3_467_520 + 10 * 262_144,
  });
});

test("one core a side has nothing to contract but W itself", () => {
  // W [3, 4] at rank 2: 3*2*4
  const small = { modes: { inputs: [3], outputs: [4] }, ranks: [1, 2, 1] };
  assert.equal(applicationCost(small, 0), { fastForward: 0, reconstruction: 24 });
});

test("beyond rank in out / (in + out) a row is cheaper through W", () => {
  const at = (rank: number) => {
    const own = { modes, ranks: uniformRanks(modes, rank) };
    const [none, one] = [applicationCost(own, 0), applicationCost(own, 1)];
    return one.fastForward - none.fastForward < one.reconstruction - none.reconstruction;
  };
  // 4096 * 64 / 4160 = 63.02
  assert.equal([at(63), at(64)], [true, false]);
});

test("a negative number of rows is refused", () => {
  throwsWith(() => applicationCost(train, -1), "rows: expected a non-negative integer, got -1");
});

test.run();

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { coreRows } from "../../src/tt/core-rows";
import { trainParameters } from "../../src/tt/counts";
import { presetModes } from "../../src/tt/plan";

const test = suite("tt/core-rows");

test("the cores of a 2 x 3 | 4 matrix at rank 5 are 10, 75 and 20 numbers", () => {
  // 1*2*5, 5*3*5, 5*4*1; the deviation of all is (1/10)^(1/6), over sqrt 5 where the right rank is 5
  const rows = coreRows({ inputs: [2, 3], outputs: [4] }, 5);
  assert.equal(
    rows.map(({ deviation, ...row }) => ({ ...row, deviation: deviation.toFixed(4) })),
    [
      { core: "G1", side: "input", mode: 2, shape: "1 x 2 x 5", parameters: 10, deviation: "0.3047" },
      { core: "G2", side: "input", mode: 3, shape: "5 x 3 x 5", parameters: 75, deviation: "0.3047" },
      { core: "G3", side: "output", mode: 4, shape: "5 x 4 x 1", parameters: 20, deviation: "0.6813" },
    ],
  );
});

test("their parameters add up to the train's", () => {
  const modes = presetModes["llama-2-7b"].down;
  assert.is(
    coreRows(modes, 5).reduce((sum, row) => sum + row.parameters, 0),
    trainParameters(modes, 5),
  );
});

test.run();

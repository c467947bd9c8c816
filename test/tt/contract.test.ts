import { suite } from "uvu";
import * as assert from "uvu/assert";
import { contract, fastForward, multiplications, reconstruct } from "../../src/tt/contract";
import { initialTrain } from "../../src/tt/initial";
import { matrix, multiply } from "../../src/tt/matrix";
import { matrixSize, type Modes } from "../../src/tt/modes";
import { modesFor } from "../../src/tt/plan";
import { numericalRank } from "../../src/tt/svd";
import { coreShapes, tensorTrain, uniformRanks } from "../../src/tt/train";
import { largestDifference, randomMatrix } from "./fixture";
import { throwsWith } from "../support/throws";

const test = suite("tt/contract");

const shapes: readonly (readonly [Modes, number | readonly number[]])[] = [
  [{ inputs: [8, 6, 8], outputs: [8, 8] }, 5], // odd number of modes, split 3 | 2
  [{ inputs: [8, 8], outputs: [8, 6, 8] }, 5],
  [{ inputs: [4, 4, 4], outputs: [8, 8, 9] }, 5],
  [{ inputs: [6], outputs: [5] }, 3],
  [{ inputs: [7], outputs: [2, 3, 1, 2] }, 4],
  [{ inputs: [2, 3, 4], outputs: [3, 2] }, [1, 2, 4, 3, 2, 1]],
  [modesFor(100, 30), 2],
];

test("W of two cores is their matrix product: [3 4]^T [2 5]", () => {
  // G1 [1, 2, 1] = (3, 4), G2 [1, 2, 1] = (2, 5): W = [[6, 15], [8, 20]]; x = (1, 10): y = (86, 215)
  const train = tensorTrain({ inputs: [2], outputs: [2] }, 1, [Float32Array.of(3, 4), Float32Array.of(2, 5)]);
  assert.equal([...reconstruct(train).data], [6, 15, 8, 20]);
  assert.equal([...fastForward(matrix(1, 2, [1, 10]), contract(train)).data], [86, 215]);
});

test("an entry of W is the product of the cores' slices at its digits", () => {
  const modes = { inputs: [2, 3], outputs: [2, 2] };
  const train = initialTrain(modes, 3, 1, 0);
  const w = reconstruct(train);
  for (let input = 0; input < 6; input++) {
    for (let output = 0; output < 4; output++) {
      const digits = [Math.floor(input / 3), input % 3, Math.floor(output / 2), output % 2];
      const slices = coreShapes(modes, 3).map(([left, mode, right], i) => {
        const rows = Array.from({ length: left }, (_, a) =>
          [...train.cores[i]].slice((a * mode + digits[i]) * right, (a * mode + digits[i] + 1) * right),
        );
        return matrix(left, right, rows.flat());
      });
      const entry = slices.slice(1).reduce(multiply, slices[0]).data[0];
      assert.ok(Math.abs(entry - w.data[input * 4 + output]) < 1e-12);
    }
  }
});

test("fast-forward equals the product with the reconstructed matrix, for one row and for several", () => {
  for (const [index, [modes, rank]] of shapes.entries()) {
    const train = initialTrain(modes, rank, 3, index);
    const [inputs, outputs] = matrixSize(modes);
    for (const rows of [1, 4]) {
      const x = randomMatrix(rows, inputs);
      const y = fastForward(x, contract(train));
      assert.equal([y.rows, y.columns], [rows, outputs]);
      assert.ok(largestDifference(y, multiply(x, reconstruct(train))) < 1e-12, `shape ${index}`);
    }
  }
});

test("W's rank is at most the rank between inputs and outputs", () => {
  for (const [index, [modes, rank]] of shapes.entries()) {
    const train = initialTrain(modes, rank, 4, index);
    const bound = Math.min(train.ranks[modes.inputs.length], ...matrixSize(modes));
    assert.is(numericalRank(reconstruct(train)), bound, `shape ${index}`);
  }
});

test("4096 x 64 at rank 5 takes 20,800 multiply-adds a row instead of 262,144", () => {
  const modes = modesFor(4096, 64);
  assert.equal(multiplications({ modes, ranks: uniformRanks(modes, 5) }), { halves: 20_800, dense: 262_144 });
});

test("a rank, core or row that does not fit is named", () => {
  const modes = { inputs: [4, 4], outputs: [4] };
  const cores = [20, 100, 20].map((size) => new Float32Array(size));
  assert.ok(tensorTrain(modes, 5, cores));
  throwsWith(() => tensorTrain(modes, [5, 5, 5, 1], cores), "ranks[0]: expected 1 at the boundary, got 5");
  throwsWith(() => tensorTrain(modes, [1, 5, 5, 2], cores), "ranks[3]: expected 1 at the boundary, got 2");
  throwsWith(() => tensorTrain(modes, [1, 5, 0, 1], cores), "ranks[2]: expected a positive integer, got 0");
  throwsWith(() => tensorTrain(modes, [1, 5, 1], cores), "ranks: expected 4 ranks for 3 modes, got [1,5,1]");
  throwsWith(() => tensorTrain(modes, 0, cores), "rank: expected a positive integer, got 0");
  throwsWith(() => tensorTrain(modes, 5, cores.slice(1)), "cores: expected 3 cores, one for each mode, got 2");
  throwsWith(() => tensorTrain(modes, 4, cores), "cores[0]: expected 1 x 4 x 4 = 16 numbers, got 20");
  const halves = contract(tensorTrain(modes, 5, cores));
  throwsWith(
    () => fastForward(matrix(1, 3, [1, 2, 3]), halves),
    "columns of the left matrix: expected length 16, got 3",
  );
});

test.run();

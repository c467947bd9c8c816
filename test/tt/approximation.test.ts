import { suite } from "uvu";
import * as assert from "uvu/assert";
import { approximationErrors, sampleMatrix } from "../../src/tt/approximation";
import { matrix } from "../../src/tt/matrix";
import { numericalRank } from "../../src/tt/svd";
import { throwsWith } from "../support/throws";

const test = suite("tt/approximation");
const modes = { inputs: [4, 4], outputs: [4, 4] };

test("diag(3, 4) misses 3/5 at rank 1 and nothing at rank 2", () => {
  // one core a side: the larger singular value is kept, |3| / sqrt(9 + 16) is missed
  const errors = approximationErrors(matrix(2, 2, [3, 0, 0, 4]), { inputs: [2], outputs: [2] }, [1, 2]);
  assert.ok(Math.abs(errors[0].error - 0.6) < 1e-7);
  assert.ok(errors[1].error < 1e-7);
  assert.equal(
    errors.map(({ parameters }) => parameters),
    [4, 8],
  );
});

test("ranks that no unfolding can use are not counted: [4, 16, 4] at the full rank of 4 x 4 | 4 x 4", () => {
  // 1*4*4 + 4*4*16 + 16*4*4 + 4*4*1 = 16 + 256 + 256 + 16
  const [full] = approximationErrors(sampleMatrix("dense", modes, 3, 0), modes, [64]);
  assert.is(full.parameters, 544);
  assert.ok(full.error < 1e-6);
});

// the low-rank matrix has ranks 4, 3, 4 between its cores, the dense one 4, 16, 4
test("a train is caught at its own rank, a matrix of that rank later, a dense one at the end", () => {
  const ranks = [2, 3, 8, 16];
  const caught = (kind: "train" | "low rank" | "dense") =>
    approximationErrors(sampleMatrix(kind, modes, 3, 0), modes, ranks).map(({ error }) => error < 1e-6);
  assert.equal(caught("train"), [false, true, true, true]);
  assert.equal(caught("low rank"), [false, false, true, true]);
  assert.equal(caught("dense"), [false, false, false, true]);
});

test("the errors fall as the rank grows, and the samples have the ranks they say", () => {
  const errors = approximationErrors(sampleMatrix("dense", modes, 3, 0), modes, [1, 2, 4, 8]).map(({ error }) => error);
  assert.equal(
    errors,
    [...errors].sort((a, b) => b - a),
  );
  assert.equal(
    (["train", "low rank", "dense"] as const).map((kind) => numericalRank(sampleMatrix(kind, modes, 3, 0))),
    [3, 3, 16],
  );
  throwsWith(() => sampleMatrix("train", modes, 0, 0), "rank: expected a positive integer, got 0");
});

test.run();

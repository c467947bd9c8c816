import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkDirections, checkDirectionsFit } from "../../../src/estimator/directions";
import { lowRank } from "../../../src/estimator/directions/low-rank";
import { lowRankUnmeasured } from "../../../src/estimator/directions/low-rank-unmeasured";
import { layoutOf } from "../../../src/tree/layout";
import { meanAndError } from "../objectives";
import { throwsWith } from "../../support/throws";
import { hereIn, mixed, numbersOf, opened, outerOf, partsOf } from "./layouts";

const test = suite("estimator/directions/low-rank");

const spec = { rank: 2, redraw: 5 };
const at = (step: number, seed = 3) => opened(lowRank, spec, hereIn(mixed, step, seed));

test("matrices and cores are outer products of rank r, vectors and matrices of one row are numbers", () => {
  const parts = partsOf(at(0));
  const shapes = parts.map((part) =>
    part.kind === "outer"
      ? [part.rows, part.columns, part.rank, part.left.length, part.right.length]
      : part.values.length,
  );
  assert.equal(shapes, [[6, 4, 2, 12, 8], [6, 4, 2, 12, 8], [6, 5, 2, 12, 10], 6, 6]);
  assert.equal(
    parts.map(({ entry }) => entry.name),
    mixed.entries.map(({ name }) => name),
  );
});

test("an entry is the sum over the rank of left times right", () => {
  const [z, { left, right }] = [numbersOf(at(7), mixed), outerOf(at(7), 1)];
  // Row 5, column 3 of the second matrix: 24 + 5 * 4 + 3.
  assert.is(z[47], Math.fround(left[10] * right[6] + left[11] * right[7]));
});

test("the right factor is kept for nu steps and all queries, and is new in the next block; the left one is always new", () => {
  const rights = Array.from({ length: 12 }, (_, step) => outerOf(at(step), 0).right);
  for (const [step, right] of rights.entries())
    rights.forEach((other, i) => {
      const isSameBlock = Math.floor(step / 5) === Math.floor(i / 5);
      assert.is(String(right) === String(other), isSameBlock, `steps ${step} and ${i}`);
    });
  assert.equal(outerOf(at(3), 0, 4).right, rights[0]);
  const lefts = [outerOf(at(3), 0), outerOf(at(4), 0), outerOf(at(3), 0, 1), outerOf(at(3, 4), 0)].map(
    ({ left }) => left,
  );
  assert.is(new Set(lefts.map(String)).size, 4);
  assert.equal(
    [4, 5, 9, 10].map((step) => lowRank.basis!(spec, step)),
    [0, 1, 1, 2],
  );
});

test("no two tensors share noise, whatever their shapes", () => {
  const numbers = [0, 1, 5].flatMap((step) =>
    partsOf(at(step)).flatMap((part) => (part.kind === "outer" ? [...part.left] : [...part.values])),
  );
  const rights = [0, 5].flatMap((step) => [0, 1, 2].flatMap((tensor) => [...outerOf(at(step), tensor).right]));
  const all = [...numbers, ...rights];
  assert.is(new Set(all).size, all.length);
});

test("a direction is a function of seed, step and query, whatever was drawn before", () => {
  const draw = at(8);
  numbersOf(draw, mixed, 3);
  assert.equal(numbersOf(draw, mixed, 1), numbersOf(at(8), mixed, 1));
  assert.not.equal(numbersOf(draw, mixed, 1), numbersOf(at(8, 4), mixed, 1));
});

test("an entry of a matrix has mean 0 and variance r, one of a vector 1, and entries are uncorrelated, within 4.5 standard errors", () => {
  for (const rank of [1, 2, 4]) {
    const draws = Array.from({ length: 4000 }, (_, step) =>
      numbersOf(opened(lowRank, { rank, redraw: 1 }, hereIn(mixed, step, rank)), mixed),
    );
    const expected = (what: string, value: (z: Float32Array) => number, wanted: number): void => {
      const { mean, error } = meanAndError(draws.map(value));
      assert.ok(Math.abs(mean - wanted) <= 4.5 * error, `rank ${rank}, ${what}: ${mean} +- ${error}, not ${wanted}`);
    };
    expected("mean", (z) => z[9], 0);
    expected("a matrix", (z) => z[9] ** 2, rank);
    expected("a core", (z) => z[77] ** 2, rank);
    expected("a vector", (z) => z[79] ** 2, 1);
    expected("a row", (z) => z[85] ** 2, 1);
    expected("one row", (z) => z[8] * z[9], 0);
    expected("one column", (z) => z[5] * z[9], 0);
    expected("two tensors", (z) => z[9] * z[33], 0);
  }
});

test("as the reference runs, a step that redraws moves along other left factors and vectors than it measured; others do not", () => {
  for (const step of [4, 5, 6]) {
    const here = hereIn(mixed, step);
    const [measured, moved] = [lowRankUnmeasured.open(spec, here), lowRankUnmeasured.formed!(spec, here, here)];
    assert.equal(numbersOf(measured, mixed), numbersOf(at(step), mixed));
    assert.equal(outerOf(moved, 0).right, outerOf(measured, 0).right);
    const isSame = String(numbersOf(moved, mixed)) === String(numbersOf(measured, mixed));
    assert.is(isSame, step !== 5, `step ${step}`);
    const shared = numbersOf(moved, mixed).filter((value, i) => value === numbersOf(measured, mixed)[i]);
    if (step === 5) assert.is(shared.length, 0);
  }
});

test("a rank above the smaller side of a matrix is refused, naming the tensor; so are settings out of range", () => {
  const layout = layoutOf([
    { name: "bias", shape: [2], decay: false },
    { name: "fc1.weight", shape: [6, 4], decay: true },
    { name: "fc2.weight", shape: [3, 6], decay: true },
  ]);
  for (const kind of ["low-rank", "low-rank-unmeasured"] as const) {
    checkDirectionsFit("method.directions", { kind, rank: 3, redraw: 1 }, layout);
    throwsWith(
      () => checkDirectionsFit("method.directions", { kind, rank: 4, redraw: 1 }, layout),
      "method.directions.rank: expected at most 3, the smaller side of fc2.weight (3 x 6), got 4",
    );
    throwsWith(
      () => checkDirections("method.directions", { kind, rank: 0, redraw: 1 }),
      "method.directions.rank: expected a positive integer, got 0",
    );
    throwsWith(
      () => checkDirections("method.directions", { kind, rank: 1, redraw: 0.5 }),
      "method.directions.redraw: expected a positive integer, got 0.5",
    );
  }
});

test.run();

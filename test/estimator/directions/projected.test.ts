import { suite } from "uvu";
import * as assert from "uvu/assert";
import { projected } from "../../../src/estimator/directions/projected";
import { dot } from "../../../src/tree/vector";
import { hereIn, mixed, numbersOf, opened, outerOf, partsOf } from "./layouts";

const test = suite("estimator/directions/projected");
const spec = { rank: 2, redraw: 3 };

test("P is orthonormal, one for all queries of a step, and kept for the block; u is new with each query", () => {
  const [first, later, next] = [0, 2, 3].map((step) => opened(projected, spec, hereIn(mixed, step)));
  for (const tensor of [0, 1, 2]) {
    const { left, rows, rank, right, columns } = outerOf(first, tensor);
    const column = (k: number): Float32Array => Float32Array.from({ length: rows }, (_, i) => left[i * rank + k]);
    assert.ok(Math.abs(dot(column(0), column(0)) - 1) < 1e-6 && Math.abs(dot(column(0), column(1))) < 1e-6);
    assert.equal([rows, columns, right.length], [6, mixed.entries[tensor].shape.at(-1), 2 * columns]); // prettier-ignore
    assert.equal(outerOf(first, tensor, 1).left, left);
    assert.equal(outerOf(later, tensor).left, left);
    assert.is.not(String(outerOf(next, tensor).left), String(left));
    assert.is.not(String(outerOf(first, tensor, 1).right), String(right));
  }
  assert.equal(partsOf(first).map(({ kind }) => kind), ["outer", "outer", "outer", "dense", "dense"]); // prettier-ignore
  assert.is.not(String(outerOf(first, 0).left), String(outerOf(first, 1).left), "tensors of one shape have their own");
});

test("what a direction holds lies in P's columns: left of it nothing is outside of them", () => {
  const draw = opened(projected, spec, hereIn(mixed, 0));
  const z = numbersOf(draw, mixed);
  const { left, rank } = outerOf(draw, 0);
  for (let j = 0; j < 4; j++) {
    const column = Float32Array.from({ length: 6 }, (_, i) => z[i * 4 + j]);
    const inside = new Float32Array(6);
    for (let k = 0; k < rank; k++) {
      const basis = Float32Array.from({ length: 6 }, (_, i) => left[i * rank + k]);
      const along = dot(basis, column);
      basis.forEach((value, i) => (inside[i] += along * value));
    }
    column.forEach((value, i) => assert.ok(Math.abs(value - inside[i]) < 1e-5));
  }
});

test.run();

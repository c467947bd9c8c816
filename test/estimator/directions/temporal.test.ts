import { suite } from "uvu";
import * as assert from "uvu/assert";
import { temporal } from "../../../src/estimator/directions/temporal";
import { hereIn, mixed, numbersOf, opened, outerOf, partsOf } from "./layouts";

const test = suite("estimator/directions/temporal");
const spec = { rank: 3 };

test("U and V are drawn once for the run, tau with each query of each step", () => {
  const [first, later] = [0, 999].map((step) => opened(temporal, spec, hereIn(mixed, step)));
  const [one, two, other] = [outerOf(first, 0), outerOf(later, 0), outerOf(first, 1)];
  assert.equal([two.inner!.basis, two.right], [one.inner!.basis, one.right]); // prettier-ignore
  const cores = [one, two, outerOf(first, 0, 1), other].map(({ inner }) => String(inner!.core));
  assert.is(new Set(cores).size, 4);
  assert.is.not(String(other.inner!.basis), String(one.inner!.basis), "tensors of one shape have their own");
  assert.equal(partsOf(first).map(({ kind }) => kind), ["outer", "outer", "outer", "dense", "dense"]); // prettier-ignore
});

test("an entry is sum_s tau_s U_is V_js", () => {
  const draw = opened(temporal, spec, hereIn(mixed, 4));
  const { right, inner } = outerOf(draw, 0);
  const { basis, core } = inner!;
  const z = numbersOf(draw, mixed);
  for (const [i, j] of [
    [0, 0],
    [5, 3],
    [2, 1],
  ]) {
    const entry = [0, 1, 2].reduce((sum, s) => sum + core[s] * basis[i * 3 + s] * right[j * 3 + s], 0);
    assert.ok(Math.abs(z[i * 4 + j] - entry) < 1e-5);
  }
});

test.run();

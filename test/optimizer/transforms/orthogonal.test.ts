import { suite } from "uvu";
import * as assert from "uvu/assert";
import { mezo } from "../../../src/optimizer/recipes";
import { zoMuon } from "../../../src/optimizer/recipes/zo-muon";
import { checkMethod, checkMethodFits } from "../../../src/optimizer/method";
import { applyRecorded } from "../../../src/optimizer/step";
import { layoutOf } from "../../../src/tree/layout";
import { norm } from "../../../src/tree/vector";
import { throwsWith } from "../../support/throws";

const test = suite("optimizer/transforms/orthogonal");

const layout = layoutOf([
  { name: "w", shape: [8, 6], decay: true },
  { name: "bias", shape: [5], decay: false },
]);

/** What a step from 0 moves, by tensor. */
function moved(projectedGradients: readonly number[], vectorRate?: number): readonly Float32Array[] {
  const options = { rank: 2, learningRate: 1, queries: projectedGradients.length };
  const method = zoMuon({ ...options, ...(vectorRate !== undefined && { vectorRate }) });
  const at = { seed: 1, step: 0, epoch: 0, layout, projectedGradients };
  const { point } = applyRecorded(method, new Float32Array(layout.size), at);
  return layout.entries.map(({ offset, size }) => point.slice(offset, offset + size));
}

test("a step is as long whatever the loss's scale: two singular values near 1, and a vector of length near 1", () => {
  const [matrix, vector] = moved([0.3, -2]);
  assert.ok(norm(matrix) > 0.65 * Math.SQRT2 && norm(matrix) < 1.25 * Math.SQRT2, String(norm(matrix)));
  assert.ok(norm(vector) > 0.65 && norm(vector) < 1.25, String(norm(vector)));
  const [scaled] = moved([300, -2000]);
  scaled.forEach((value, i) => assert.ok(Math.abs(value - matrix[i]) < 1e-4));
});

test("with a rate of their own vectors go along their plain gradient", () => {
  const [one, two] = [moved([2], 1e-3)[1], moved([4], 1e-3)[1]];
  two.forEach((value, i) => assert.ok(Math.abs(value - 2 * one[i]) < 1e-8));
});

test("a rank above a matrix's smaller side, and directions without a left factor that is kept, are refused", () => {
  throwsWith(
    () => checkMethodFits(zoMuon(), layout),
    "method.directions.rank: expected at most 6, the smaller side of w (8 x 6), got 64",
  );
  const { transforms } = zoMuon({ rank: 2 });
  throwsWith(
    () => checkMethod({ ...mezo(), transforms }),
    'method.directions: expected "projected", of whose outer products orthogonal is made, got "gaussian"',
  );
});

test.run();

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { gaussianDirection } from "../../../src/estimator/directions";
import { zoAlign } from "../../../src/optimizer/recipes/zo-align";
import { applyRecorded } from "../../../src/optimizer/step";
import { solved } from "../../../src/optimizer/transforms/alignment";
import { layoutOf } from "../../../src/tree/layout";
import { dot } from "../../../src/tree/vector";
import { near } from "../../support/near";

const test = suite("optimizer/transforms/alignment");

/** g of recorded numbers: a step of rate 1 from 0 is -g. */
function gradientOf(projectedGradients: readonly number[], size: number): Float32Array {
  const layout = layoutOf([{ name: "w", shape: [size], decay: true }]);
  const method = zoAlign({ learningRate: 1, queries: projectedGradients.length });
  const at = { seed: 2, step: 5, epoch: 0, layout, projectedGradients };
  return applyRecorded(method, new Float32Array(size), at).point.map((value) => -value);
}

test("the gradient has each measured number along its direction", () => {
  const ps = [0.5, -2, 3];
  const g = gradientOf(ps, 40);
  near(ps.map((_, query) => dot(g, gaussianDirection(2, 5, query, 40))), ps, 1e-5); // prettier-ignore
});

test("with one query it is p z / |z|^2", () => {
  const z = gaussianDirection(2, 5, 0, 7);
  near(gradientOf([3], 7), z.map((value) => (3 * value) / dot(z, z)), 1e-6); // prettier-ignore
});

test("directions that fill the space give the gradient itself, more of them change nothing", () => {
  const gradient = Float32Array.of(1, -2, 0.5);
  for (const queries of [3, 6]) {
    const ps = Array.from({ length: queries }, (_, query) => dot(gradient, gaussianDirection(2, 5, query, 3)));
    near(gradientOf(ps, 3), gradient, 1e-4);
  }
});

test("a symmetric system is solved; a row that adds nothing has no share", () => {
  near(solved([[4], [2, 3]], [2, 5]), [-0.5, 2], 1e-12); // prettier-ignore
  assert.equal(solved([[1], [1, 1]], [3, 3]), [3, 0]);
});

test.run();

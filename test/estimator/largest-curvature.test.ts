import { suite } from "uvu";
import * as assert from "uvu/assert";
import { largestCurvature } from "../../src/estimator/largest-curvature";
import type { Objective } from "../../src/estimator/objective";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { near } from "../support/near";
import { rejectsWith } from "../support/throws";

const test = suite("estimator/largest-curvature");

/** L = 1/2 x^T H x + b . x with H = R diag(batch) R, R the reflection at u: its eigenvalues are the batch. */
const size = 6;
const u = normals(randomKey(8, "check"), size);
const squares = u.reduce((sum, value) => sum + value * value, 0);
const reflected = (x: Float64Array): Float64Array => {
  const along = (2 * x.reduce((sum, value, i) => sum + value * u[i]!, 0)) / squares;
  return x.map((value, i) => value - along * u[i]!);
};
const quadratic: Objective<readonly number[]> = {
  losses: () => Promise.reject(new Error("not asked for")),
  derivatives: () => Promise.reject(new Error("not asked for")),
  gradient: async (point, eigenvalues) => {
    const turned = reflected(Float64Array.from(point)).map((value, i) => value * eigenvalues[i]!);
    return { loss: 0, gradient: Float32Array.from(reflected(turned), (value) => value + 1) };
  },
};

test("of a quadratic it is the eigenvalue that is largest in size, with its sign, wherever it is measured", async () => {
  for (const [eigenvalues, largest] of [
    [[5, 2, 1, 0.5, 0.1, 0], 5],
    [[1, -4, 2, 0, 0.5, 0.1], -4],
    [[3, 3, 1, 0, 0, 0], 3],
  ] as const)
    for (const at of [new Float32Array(size), Float32Array.from({ length: size }, (_, i) => i - 2)]) {
      const found = await largestCurvature(quadratic, at, eigenvalues, { seed: 1, steps: 40 });
      near([found.largest], [largest], 1e-3);
      assert.ok(found.residual < 1e-2, String(found.residual));
      assert.is(found.backwardPasses, 80);
    }
});

test("few iterations say how far they are; a flat loss has none; the same seed gives the same number", async () => {
  const at = new Float32Array(size);
  const [one, again] = await Promise.all(
    [2, 2].map((seed) => largestCurvature(quadratic, at, [5, 4.9, 4.8, 1, 1, 1], { seed, steps: 1 })),
  );
  assert.equal(one, again);
  assert.ok(one!.residual > 0.05 && Math.abs(one!.largest) <= 5.001);
  const flat = await largestCurvature(quadratic, at, [0, 0, 0, 0, 0, 0], { seed: 2, steps: 5 });
  assert.equal([flat.largest, flat.residual, flat.backwardPasses], [0, 0, 2]);
});

test("what cannot work is refused by name", async () => {
  const at = new Float32Array(size);
  const { losses, derivatives } = quadratic;
  await rejectsWith(largestCurvature({ losses, derivatives }, at, [], { seed: 0, steps: 1 }), "an objective with a gradient"); // prettier-ignore
  await rejectsWith(largestCurvature(quadratic, at, [], { seed: 0, steps: 0 }), "steps: expected a positive integer, got 0"); // prettier-ignore
  await rejectsWith(largestCurvature(quadratic, at, [], { seed: 0, steps: 1, reach: 0 }), "reach: expected a positive number, got 0"); // prettier-ignore
});

test("a gradient that is not finite ends it by name, and a point without numbers has no curvature", async () => {
  const options = { seed: 0, steps: 3 };
  const bad = { ...quadratic, gradient: async () => ({ loss: 0, gradient: new Float32Array(size).fill(NaN) }) };
  await rejectsWith(largestCurvature(bad, new Float32Array(size), [], options), "gradient: expected finite numbers within 0.01 of the point"); // prettier-ignore
  await rejectsWith(largestCurvature(quadratic, new Float32Array(0), [], options), "point: expected at least one number, got \"none\""); // prettier-ignore
  await rejectsWith(largestCurvature(quadratic, new Float32Array(size), [], { ...options, reach: 1e-60 }), "reach: expected a number that float32 can hold"); // prettier-ignore
});

test.run();

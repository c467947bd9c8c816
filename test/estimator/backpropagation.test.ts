import { suite } from "uvu";
import * as assert from "uvu/assert";
import { estimate, isFiniteEstimate } from "../../src/estimator/estimate";
import type { Objective } from "../../src/estimator/objective";
import { createWorkspace } from "../../src/estimator/workspace";
import { rejectsWith } from "../support/throws";

const test = suite("estimator/backpropagation");

/** L(theta) = sum c_i theta_i^2 / 2 with gradient c_i theta_i. */
const quadratic: Objective<readonly number[]> = {
  losses: async (points, c) => points.map((point) => point.reduce((sum, x, i) => sum + (c[i] * x * x) / 2, 0)),
  derivatives: () => Promise.reject(new Error("not asked for")),
  gradient: async (point, c) => ({
    loss: point.reduce((sum, x, i) => sum + (c[i] * x * x) / 2, 0),
    gradient: point.map((x, i) => c[i] * x),
  }),
};
const at = (batch: readonly number[]) =>
  ({ seed: 0, step: 0, queries: 1, directions: { kind: "gaussian" }, batch }) as const;

test("the gradient of a quadratic, one pass forward, one back, no projected gradients", async () => {
  const workspace = createWorkspace(2);
  const found = await estimate({ kind: "backpropagation" }, quadratic, Float32Array.of(2, -1), at([1.5, 4]), workspace);
  // L = (1.5 * 4 + 4 * 1) / 2 = 5, g = (3, -4), |g| = 5
  assert.equal(found, { projectedGradients: [], loss: 5, forwardPasses: 1, backwardPasses: 1, gradientNorm: 5 });
  assert.equal(workspace.gradient, Float32Array.of(3, -4));
});

test("a gradient that is not finite is seen", async () => {
  const found = await estimate({ kind: "backpropagation" }, quadratic, Float32Array.of(Infinity, 0), at([1, 1]));
  assert.not(isFiniteEstimate({ ...found, loss: 0 }));
});

test("an objective without gradients is refused, saying which engine has them", async () => {
  const { losses, derivatives } = quadratic;
  await rejectsWith(
    estimate({ kind: "backpropagation" }, { losses, derivatives }, Float32Array.of(1, 1), at([1, 1])),
    "probe: expected an objective with a gradient: one of a session whose engine gives gradients, or a function `gradient(point, batch)` of its own (",
  );
});

test.run();

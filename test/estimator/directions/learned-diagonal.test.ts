import { suite } from "uvu";
import * as assert from "uvu/assert";
import { beginKind, checkDirections } from "../../../src/estimator/directions";
import { learnedDiagonal, learnedDiagonalFrom } from "../../../src/estimator/directions/learned-diagonal";
import { NO_STATE } from "../../../src/estimator/state";
import { hizoo } from "../../../src/optimizer/recipes";
import { step, type StepFrom } from "../../../src/optimizer/step";
import { layoutOf } from "../../../src/tree/layout";
import { near } from "../../support/near";
import { throwsWith } from "../../support/throws";
import { quadratic, recordingObjective } from "../objectives";
import { hereIn } from "./layouts";

const test = suite("estimator/directions/learned-diagonal");

const layout = layoutOf([{ name: "w", shape: [2], decay: true }]);
/** z of each query. */
const zs = [
  [1, -2],
  [3, 0.5],
];
const kind = learnedDiagonalFrom((out, _seed, _stream, _step, query) => (out.set(zs[query]), out));
const spec = { smoothing: 0.5 };

test("sigma' = (1 - b) sigma + b mean |c| sigma z^2, from 1, worked for one query and for two", () => {
  const here = beginKind(kind, spec, hereIn(layout, 0));
  assert.equal(here.state.vectors, { sigma: Float32Array.of(1, 1) });
  const one = kind.learn!(spec, here, { projectedGradients: [7], further: [-3] });
  // 0.5 + 0.5 * 3 * 1 and 0.5 + 0.5 * 3 * 4
  assert.equal(one, { sigma: Float32Array.of(2, 6.5) });
  const later = { ...here, state: { ...here.state, vectors: one } };
  const two = kind.learn!(spec, later, { projectedGradients: [7, 1], further: [-3, 2] });
  // 2 (0.5 + 0.5 (3 * 1 + 2 * 9) / 2) and 6.5 (0.5 + 0.5 (3 * 4 + 2 / 4) / 2)
  assert.equal(two, { sigma: Float32Array.of(11.5, 23.5625) });
});

test("one step: losses along z / sqrt(sigma), the update along z / sqrt(sigma')", async () => {
  // L = (2 x^2 + y^2) / 2 at (1, 1), sigma (4, 1): along (0.5, -2) p = 2 * 0.5 - 2 = -1 and c = (2 / 4 + 4) / 2 = 2.25;
  // sigma' = 4 (0.5 + 0.5 * 2.25) = 6.5 and 0.5 + 0.5 * 2.25 * 4 = 5; theta' = theta + 0.1 (1 / sqrt(6.5), -2 / sqrt(5)).
  const method = hizoo({ smoothing: 0.5, learningRate: 0.1, perturbationScale: 0.25 });
  const sigma = Float32Array.of(4, 1);
  const { point, state, estimate } = await step(method, recordingObjective(), Float32Array.of(1, 1), {
    seed: 0,
    step: 0,
    epoch: 0,
    layout,
    batch: quadratic([2, 1], [0, 0]),
    state: { ...NO_STATE, vectors: { "directions.sigma": sigma } },
    draws: kind as NonNullable<StepFrom["draws"]>,
  });
  assert.equal([estimate.projectedGradients, estimate.further, estimate.loss], [[-1], [2.25], 1.5]);
  assert.equal(state.vectors["directions.sigma"], Float32Array.of(6.5, 5));
  near(point, [1 + 0.1 / Math.sqrt(6.5), 1 - 0.2 / Math.sqrt(5)], 1e-7);
  assert.equal(sigma, Float32Array.of(4, 1), "what the step before left is as it was");
});

test("with smoothing 0 sigma never moves: MeZO's directions", () => {
  const here = beginKind(learnedDiagonal, { smoothing: 0 }, hereIn(layout, 4));
  const after = learnedDiagonal.learn!({ smoothing: 0 }, here, { projectedGradients: [1], further: [9] });
  assert.equal(after, { sigma: Float32Array.of(1, 1) });
});

test("a probe without curvatures, and a smoothing that is no share below 1, are refused", () => {
  const here = beginKind(kind, spec, hereIn(layout, 0));
  throwsWith(
    () => kind.learn!(spec, here, { projectedGradients: [1, 2], further: [3] }),
    'probe: expected one that measures the curvature of each query (three-point), got "1 curvatures"',
  );
  for (const smoothing of [-0.1, 1, NaN])
    throwsWith(
      () => checkDirections("method.directions", { kind: "learned-diagonal", smoothing }),
      `method.directions.smoothing: expected a share from 0 to below 1, got ${smoothing}`,
    );
});

test.run();

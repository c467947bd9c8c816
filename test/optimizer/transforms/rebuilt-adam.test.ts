import { suite } from "uvu";
import * as assert from "uvu/assert";
import { gaussianDirection } from "../../../src/estimator/directions";
import { NO_STATE } from "../../../src/estimator/state";
import { checkMethod, type Method } from "../../../src/optimizer/method";
import { readPast } from "../../../src/optimizer/past";
import { hizoo, firstOrder, zoAdam } from "../../../src/optimizer/recipes";
import { adamezo } from "../../../src/optimizer/recipes/adamezo";
import { extrapolated } from "../../../src/optimizer/recipes/extrapolated";
import { sparseMezo } from "../../../src/optimizer/recipes/sparse-mezo";
import { applyRecorded, type StepOutcome } from "../../../src/optimizer/step";
import { layoutOf } from "../../../src/tree/layout";
import { near } from "../../support/near";
import { throwsWith } from "../../support/throws";

const test = suite("optimizer/transforms/rebuilt-adam");
const layout = layoutOf([
  { name: "a", shape: [4, 3], decay: true },
  { name: "b", shape: [5], decay: false },
]);

/** Walks recorded steps, with these projected gradients. */
function walked(
  method: Method,
  numbers: readonly (readonly number[])[],
  steps = numbers.map((_, i) => i),
): StepOutcome {
  let at: StepOutcome = { point: new Float32Array(layout.size), state: NO_STATE };
  numbers.forEach((projectedGradients, i) => {
    at = applyRecorded(method, at.point, {
      ...{ seed: 4, step: steps[i], epoch: 0, layout },
      ...{ state: at.state, projectedGradients },
    });
  });
  return at;
}

test("two steps, worked: moments are sums over the steps that are kept, over the sums of their shares", () => {
  const learningRate = 0.5;
  const { point, state } = walked(adamezo({ learningRate, horizon: 2 }), [[0.7, -2], [3], [-0.25]]);
  const [z0, z1, z2] = [0, 1, 2].map((step) => gaussianDirection(4, step, 0, layout.size));
  const other = gaussianDirection(4, 0, 1, layout.size);
  const adam = (now: number, last: number): number =>
    (now + 0.9 * last) / 1.9 / (Math.sqrt((now ** 2 + 0.999 * last ** 2) / 1.999) + 1e-8);
  const expected = z0.map((z, i) => {
    const g0 = (0.7 * z - 2 * other[i]) / 2;
    return -learningRate * (g0 / (Math.abs(g0) + 1e-8) + adam(3 * z1[i], g0) + adam(-0.25 * z2[i], 3 * z1[i]));
  });
  near(point, expected, 1e-6);
  assert.equal(readPast(state.vectors["rebuilt-adam.past"]), [
    { step: 2, numbers: [-0.25] },
    { step: 1, numbers: [3] },
  ]);
  assert.equal(Object.keys(state.vectors), ["rebuilt-adam.past"]);
});

test("while no step is forgotten it is Adam", () => {
  const numbers = Array.from({ length: 12 }, (_, i) => [Math.sin(i), Math.cos(3 * i), i / 6 - 1]);
  const expected = walked(zoAdam({ learningRate: 0.1 }), numbers).point;
  near(walked(adamezo({ learningRate: 0.1, horizon: 12 }), numbers).point, expected, 2e-6);
  // With one step fewer the last of them is another.
  const short = walked(adamezo({ learningRate: 0.1, horizon: 11 }), numbers).point;
  assert.ok(short.some((value, i) => Math.abs(value - expected[i]) > 1e-3));
});

test("a step that was left out is left out of the moments: directions follow their steps' indexes", () => {
  const { point, state } = walked(adamezo({ learningRate: 1, horizon: 2 }), [[1], [2]], [0, 5]);
  assert.equal(
    readPast(state.vectors["rebuilt-adam.past"]).map(({ step }) => step),
    [5, 0],
  );
  const [z0, z5] = [0, 5].map((step) => gaussianDirection(4, step, 0, layout.size));
  const expected = z0.map((z, i) => {
    const [now, last] = [2 * z5[i], z];
    return -Math.sign(z) - (now + 0.9 * last) / 1.9 / Math.sqrt((now ** 2 + 0.999 * last ** 2) / 1.999);
  });
  near(point, expected, 1e-6);
});

test("directions that cannot be drawn again are refused, and so is an exact gradient, which has none", () => {
  const { transforms } = adamezo();
  for (const { directions, probe } of [hizoo(), sparseMezo()]) {
    throwsWith(
      () => checkMethod({ ...adamezo(), directions, probe }),
      /^method\.directions: expected "gaussian", .*, which rebuilt-adam can draw again, got/,
    );
    if (directions.kind === "small-weights")
      throwsWith(() => checkMethod({ ...extrapolated(), directions }), "which extrapolated can draw again");
  }
  throwsWith(
    () => checkMethod({ ...firstOrder(), transforms }),
    'method.transforms[0].kind: expected none that is made of directions, beside an exact gradient, got "rebuilt-adam"',
  );
  throwsWith(() => adamezo({ horizon: 0 }), "method.transforms[0].horizon");
});

test.run();

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { beginKind, checkDirections } from "../../../src/estimator/directions";
import { mixAt, simulatedMomentumFrom } from "../../../src/estimator/directions/simulated-momentum";
import { NO_STATE } from "../../../src/estimator/state";
import { layoutOf } from "../../../src/tree/layout";
import { near } from "../../support/near";
import { throwsWith } from "../../support/throws";
import { hereIn } from "./layouts";

const test = suite("estimator/directions/simulated-momentum");

const layout = layoutOf([{ name: "w", shape: [2], decay: true }]);
const spec = { steps: 100, warmUp: 10 };
/** Normals of z' are 2 and -1, those of z'' 1 and 3. */
const kind = simulatedMomentumFrom((out, _seed, _stream, ...index) => {
  out.set(index.length === 3 ? [1, 3] : [2, -1]);
  return out;
});
const z = new Float32Array(2);
const memory = (): Float32Array => z;
const numbers = (draw: ReturnType<typeof kind.open>): Float32Array => {
  const out = new Float32Array(2);
  draw(0, memory).addInPlace(out, 1);
  return out;
};

test("the mix is 1 at first, falls with the step alone, and stays from 0.8 of the steps on", () => {
  assert.equal([0, 10].map((step) => mixAt(spec, step)), [{ alpha: 1, first: 1, second: 1 }, { alpha: 1, first: 1, second: 1 }]); // prettier-ignore
  // Half way from 10 to 80: 35 / (100 - phi 10) of a half turn.
  const half = (phi: number): number => (1 + Math.cos((Math.PI * 35) / (100 - 10 * phi))) / 2;
  assert.equal(mixAt(spec, 45), { alpha: half(1), first: half(0.1), second: half(1.5) });
  assert.equal(mixAt(spec, 80), mixAt(spec, 5000));
  const { alpha, first, second } = mixAt(spec, 80);
  assert.ok(alpha < 0.04 && first > 0.1 && first < 0.2 && second < 0.01, String([alpha, first, second]));
});

test("m, v and the history, worked in the first phase and after it", () => {
  const here = beginKind(kind, spec, hereIn(layout, 0));
  assert.equal(numbers(kind.open(spec, here)), Float32Array.of(2, -1));
  near(numbers(kind.formed!(spec, here, here)), [1, -1], 1e-6);
  assert.equal(kind.learn!(spec, here, { projectedGradients: [-3] }), { uphill: Float32Array.of(-2, 1) });
  const later = { ...hereIn(layout, 45, 3, { ...NO_STATE, vectors: { uphill: Float32Array.of(-2, 1) } }) };
  const { alpha, first, second } = mixAt(spec, 45);
  const fresh = [2, -1].map((value) => Math.sqrt(alpha) * value);
  const kept = [-2 + Math.sqrt(1 - alpha), 1 + 3 * Math.sqrt(1 - alpha)];
  const m = fresh.map((value, i) => first * value + (1 - first) * kept[i]);
  const v = fresh.map((value, i) => second * value ** 2 + (1 - second) * kept[i] ** 2);
  near(numbers(kind.open(spec, later)), m, 1e-6);
  near(numbers(kind.formed!(spec, later, later)), m.map((value, i) => value / Math.sqrt(v[i] + 1e-8)), 1e-6); // prettier-ignore
  near(kind.learn!(spec, later, { projectedGradients: [0.5, -2] })["uphill"], [0, 0], 1e-6);
});

test("a first phase that leaves nothing, and steps that are no count, are refused", () => {
  const check = (settings: object) => () =>
    checkDirections("directions", { kind: "simulated-momentum", ...spec, ...settings });
  throwsWith(check({ warmUp: 80 }), "directions.warmUp: expected less than 0.8 of 100 steps, got 80");
  throwsWith(check({ steps: 0 }), "directions.steps: expected a positive integer, got 0");
});

test.run();

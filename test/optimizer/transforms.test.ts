import { suite } from "uvu";
import * as assert from "uvu/assert";
import { drawInto, plainHere } from "../../src/estimator/direction";
import { beginDirections, openDirections } from "../../src/estimator/directions";
import { NO_STATE, type State } from "../../src/estimator/state";
import { applyChain, checkTransforms, type ChainStep, type Moved } from "../../src/optimizer/chain";
import { subzero } from "../../src/optimizer/recipes";
import { applyRecorded } from "../../src/optimizer/step";
import type { TransformSpec } from "../../src/optimizer/transforms";
import { layoutOf, type Layout } from "../../src/tree/layout";
import { near } from "../support/near";
import { throwsWith } from "../support/throws";
import { readJson } from "../support/tiny-models";

const test = suite("optimizer/transforms");
const moments = { kind: "adam", firstDecay: 0.9, secondDecay: 0.999, epsilon: 1e-8 } as const;
const decay = (weightDecay: number): TransformSpec => ({ kind: "weight-decay", weightDecay });
const beside = (weightDecay: number): TransformSpec => ({ kind: "decoupled-weight-decay", weightDecay });
const layout = layoutOf([
  { name: "core", shape: [2], decay: true },
  { name: "bias", shape: [1], decay: false },
]);

function move(
  chain: readonly TransformSpec[],
  point: Float32Array,
  gradient: Float32Array,
  step: Partial<ChainStep> & Pick<ChainStep, "learningRate">,
  of: Layout = layout,
): Moved {
  return applyChain(chain, { ...plainHere(0, 0, of.size, point), layout: of }, gradient, { state: NO_STATE, ...step });
}

test("weight decay is inside the bracket, and only where the layout says so", () => {
  // core: 4 - 0.5 (1 + 0.25 * 4) = 3, -8 - 0.5 (1 - 2) = -7.5; bias: 4 - 0.5 * 1 = 3.5
  const { point, state } = move([decay(0.25)], Float32Array.of(4, -8, 4), Float32Array.of(1, 1, 1), {
    learningRate: 0.5,
  });
  assert.equal(point, Float32Array.of(3, -7.5, 3.5));
  assert.equal(state, { count: 1, vectors: {} });
});

test("without decay it is w - lr g, rounded once, and what went in is left as it was", () => {
  const point = Float32Array.of(0.1, 0.2, 0.3);
  const gradient = Float32Array.of(1e-3, -3, 7);
  const next = move([decay(0)], point, gradient, { learningRate: 3e-3 }).point;
  next.forEach((value, i) => assert.is(value, Math.fround(point[i] - 3e-3 * gradient[i])));
  assert.equal(move([], point, gradient, { learningRate: 3e-3 }).point, next);
  assert.equal([point, gradient], [Float32Array.of(0.1, 0.2, 0.3), Float32Array.of(1e-3, -3, 7)]);
});

test("Adam's first step from zero moments goes lr against the gradient's sign, after the decay beside it", () => {
  // m = 0.1 g, v = 0.001 g^2; corrected: m = g, v = g^2; w <- (1 - 0.1 * 0.5) w - 0.1 sign(g)
  const { point, state } = move([moments, beside(0.5)], Float32Array.of(2, 4, 8), Float32Array.of(3, -5, 0.25), {
    learningRate: 0.1,
  });
  near(point, [2 * 0.95 - 0.1, 4 * 0.95 + 0.1, 8 - 0.1], 1e-7);
  near(state.vectors["adam.first"], [0.3, -0.5, 0.025], 1e-7);
  near(state.vectors["adam.second"], [9e-3, 25e-3, 6.25e-5], 1e-7);
});

test("momentum: b = g, then b <- mu b + g", () => {
  // g = 1, 1, 1 with mu 0.5: b = 1, 1.5, 1.75; from 0 with lr 1: -1, -2.5, -4.25
  let moved: Moved = { point: new Float32Array(3), state: NO_STATE };
  for (const expected of [-1, -2.5, -4.25]) {
    const options = { learningRate: 1, state: moved.state };
    moved = move([{ kind: "momentum", decay: 0.5 }], moved.point, Float32Array.of(1, 1, 1), options);
    assert.equal(moved.point, new Float32Array(3).fill(expected));
  }
});

const expected = readJson("test/fixtures/optimizer/adamw.json") as {
  readonly start: readonly number[];
  readonly gradients: readonly (readonly number[])[];
  readonly cases: readonly { readonly name: string; readonly points: readonly (readonly number[])[] }[];
};
const chains: Readonly<Record<string, { readonly chain: readonly TransformSpec[]; readonly learningRate: number }>> = {
  adamw: { chain: [moments, beside(0.1)], learningRate: 0.01 },
  "adamw without decay": {
    chain: [{ kind: "adam", firstDecay: 0.8, secondDecay: 0.95, epsilon: 1e-3 }, beside(0)],
    learningRate: 0.05,
  },
  sgd: { chain: [decay(0.1)], learningRate: 0.01 },
};
for (const { name, points } of expected.cases)
  test(`${name}: six steps are torch.optim's`, () => {
    const { chain, learningRate } = chains[name];
    const one = layoutOf([{ name: "w", shape: [expected.start.length], decay: true }]);
    let moved: Moved = { point: Float32Array.from(expected.start), state: NO_STATE };
    expected.gradients.forEach((gradient, i) => {
      moved = move(chain, moved.point, Float32Array.from(gradient), { learningRate, state: moved.state }, one);
      near(moved.point, points[i], 1e-6, `step ${i + 1}`);
    });
  });

for (const chain of [[decay(0.1)], [moments, beside(0.1)], [{ kind: "momentum", decay: 0.9 }, moments]] as const)
  test(`${chain.map(({ kind }) => kind).join(", ")} in the memory of an earlier step has the bits of one in new memory`, () => {
    const gradients = Array.from({ length: 5 }, (_, step) => Float32Array.of(step - 2, 0.3, -step));
    const begin: Moved = { point: Float32Array.of(0.1, -2, 3), state: NO_STATE };
    const [fresh, reused] = [[begin], [begin]];
    gradients.forEach((gradient, step) => {
      const [plain, saving] = [fresh[step], reused[step]];
      fresh.push(move(chain, plain.point, gradient, { learningRate: 0.1, state: plain.state }));
      const over = step < 3 ? undefined : reused[step - 1];
      reused.push(move(chain, saving.point, gradient, { learningRate: 0.1, state: saving.state, over }));
      assert.equal(reused[step + 1], fresh[step + 1]);
      if (over) assert.is(reused[step + 1].point, over.point);
    });
    assert.equal(begin, { point: Float32Array.of(0.1, -2, 3), state: NO_STATE });
  });

test("a tensor longer than a piece has the numbers of one at a time", () => {
  const size = 10_001;
  const long = layoutOf([{ name: "w", shape: [size], decay: true }]);
  const [point, gradient] = [1, 2].map((by) => Float32Array.from({ length: size }, (_, i) => Math.sin(by * i)));
  const { point: next } = move([moments, decay(0.1)], point, gradient, { learningRate: 0.1 }, long);
  const one = layoutOf([{ name: "w", shape: [1], decay: true }]);
  for (const i of [0, 4095, 4096, 9999, 10_000]) {
    const alone = move(
      [moments, decay(0.1)],
      point.slice(i, i + 1),
      gradient.slice(i, i + 1),
      { learningRate: 0.1 },
      one,
    );
    assert.is(next[i], alone.point[0]);
  }
});

test("vectors of another length, unknown links and constants out of range are refused by name", () => {
  const [two, three] = [new Float32Array(2), new Float32Array(3)];
  throwsWith(() => move([], two, three, { learningRate: 1 }), "point: expected length 3, got 2");
  throwsWith(() => move([], three, two, { learningRate: 1 }), "gradient: expected length 3, got 2");
  const over = { point: two, state: NO_STATE };
  throwsWith(() => move([], three, three, { learningRate: 1, over }), "over: expected length 3, got 2");
  const state = { count: 1, vectors: { "momentum.mean": two } };
  throwsWith(
    () => move([{ kind: "momentum", decay: 0.9 }], three, three, { learningRate: 1, state }),
    "state momentum.mean: expected length 3, got 2",
  );
  const refused = (spec: unknown, message: string): void =>
    throwsWith(() => checkTransforms("transforms", [spec as TransformSpec]), message);
  refused({ kind: "sgd" }, 'transforms[0].kind: expected "weight-decay", ');
  refused(null, "transforms[0]: expected a {kind, ...}, got null");
  refused({ ...moments, firstDecay: 1 }, "transforms[0].firstDecay: expected a number from 0 to below 1, got 1");
  refused({ ...moments, epsilon: 0 }, "transforms[0].epsilon: expected a positive number, got 0");
  refused(decay(-1), "transforms[0].weightDecay: expected at least 0, got -1");
  refused(beside(NaN), "transforms[0].weightDecay: expected a finite number, got NaN");
  refused({ kind: "momentum", decay: -0.1 }, "transforms[0].decay: expected a number from 0 to below 1, got -0.1");
  throwsWith(() => checkTransforms("transforms", {} as never), "transforms: expected a list of {kind, ...}");
});

test("in a subspace that is the whole space, low-rank momentum is that of whole matrices, also where the basis is new each step", () => {
  const of = layoutOf([{ name: "matrix", shape: [6, 3], decay: true }]);
  for (const redraw of [1, 2, 5]) {
    const transforms = [{ kind: "low-rank-momentum", decay: 0.9 }] as const;
    const method = { ...subzero({ rank: 3, redraw, learningRate: 1 }), transforms };
    let [point, state]: [Float32Array, State] = [new Float32Array(18), NO_STATE];
    let mean = new Float64Array(18);
    for (const [step, p] of [0.5, -0.25, 1, 2].entries()) {
      const here = { ...plainHere(7, step, 18), layout: of };
      const z = new Float32Array(18);
      drawInto(openDirections(method.directions, beginDirections(method.directions, here)), 0, z);
      mean = mean.map((m, i) => (step === 0 ? p * z[i] : 0.9 * m + 0.1 * p * z[i]));
      const before = point;
      const at = { seed: 7, step, epoch: 0, layout: of, state, projectedGradients: [p] };
      ({ point, state } = applyRecorded(method, point, at));
      near(
        point.map((x, i) => before[i] - x),
        mean,
        1e-5,
        `redraw ${redraw}, step ${step}`,
      );
    }
  }
});

test.run();

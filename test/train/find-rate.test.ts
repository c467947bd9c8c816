import { suite } from "uvu";
import * as assert from "uvu/assert";
import { adazeta, firstOrder, mezo, zoAdam, zoSign } from "../../src/optimizer/recipes";
import { findRate, harmonicQueries, proposed } from "../../src/train/find-rate";
import type { FindRateOptions } from "../../src/train/find-rate";
import { layoutOf } from "../../src/tree/layout";
import { objectiveOf } from "../support/analytic-runs";
import { rejectsWith } from "../support/throws";

const test = suite("train/find-rate");
const SIZE = 400;
const layout = layoutOf([{ name: "x", shape: [SIZE], decay: true }]);

/** L(theta) = scale / 2 |theta - 1 - noise_batch|^2: gradients that differ from batch to batch by the noise. */
const bowl = (scale: number, noise: (batch: number, i: number) => number = () => 0) =>
  objectiveOf<number>((point, batch) =>
    point.reduce((sum, x, i) => sum + (scale / 2) * (x - 1 - noise(batch, i)) ** 2, 0),
  );

const near = (got: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(got - expected) <= tolerance, `${got}, expected ${expected} within ${tolerance}`);

const options = (changes: Partial<FindRateOptions<number>> = {}): FindRateOptions<number> => ({
  method: mezo({ perturbationScale: 1e-2 }),
  objective: bowl(0.5),
  start: new Float32Array(SIZE),
  layout,
  batchAt: (index) => index,
  seed: 1,
  ...changes,
});

test("on a bowl the proposal is a quarter of the step that lowers it most: 1 / (lambda d)", async () => {
  const { rate, spread, forwardPasses, why } = await findRate(options());
  // H = 0.5 I, so z^T H z is 0.5 |z|^2, close to 200; every batch has the same gradient
  near(spread.curvature, 0.5 * SIZE, 0.1 * SIZE);
  near(spread.agreed, spread.square, 1e-2 * spread.square);
  near(rate!, 1 / 4 / 200, 0.0002);
  assert.is(forwardPasses, 2 * 10 * (2 * 4 + 1));
  assert.match(why, /^proposed, not measured: a quarter of the step .* for 1 query a step/);
});

test("it is the inverse of the loss's scale, and grows with the run's queries", async () => {
  const { rate } = await findRate(options());
  near((await findRate(options({ objective: bowl(5) }))).rate!, rate! / 10, 1e-5);
  near((await findRate(options({ runQueries: 4 }))).rate!, 4 * rate!, 2e-4);
  assert.is((await findRate(options({ method: mezo({ perturbationScale: 1e-2, learningRate: 9 }) }))).rate, rate);
});

test("what batches do not agree in lowers it", async () => {
  const signs = (batch: number, i: number) => (batch % 2 === 0 ? 1 : -1) * (i % 2 === 0 ? 1.5 : -1.5);
  const plain = await findRate(options());
  const noisy = await findRate(options({ objective: bowl(0.5, signs), steps: 40 }));
  assert.ok(noisy.spread.agreed < noisy.spread.square / 2);
  assert.ok(noisy.rate === null || noisy.rate < plain.rate! / 2, String(noisy.rate));
});

test("the same seed measures the same, and the start is only read", async () => {
  const start = new Float32Array(SIZE);
  assert.equal(await findRate(options({ start })), await findRate(options({ start })));
  assert.equal(start, new Float32Array(SIZE));
});

test("where the measured says nothing, no rate is proposed and the sentence says why", async () => {
  const spread = { square: 2, agreed: 1, agreedError: 0.1, curvature: 125, rounding: 0.2, directions: 40 };
  assert.is(proposed(spread, 1).rate, 0.001);
  const why = (changes: object) => {
    const found = proposed({ ...spread, ...changes }, 1);
    assert.is(found.rate, null);
    return found.why;
  };
  assert.match(why({ agreed: -0.1 }), /two batches have nothing in common on 40 directions/);
  assert.match(why({ square: 0, agreed: 0 }), /the output is constant/);
  assert.match(why({ curvature: 0 }), /a straight line/);
  assert.match(why({ curvature: NaN }), /not finite/);
  assert.match(proposed({ ...spread, agreedError: 0.6 }, 1).why, /uncertain/);
  assert.match(proposed({ ...spread, curvature: 0.3 }, 1).why, /hardly rises above the rounding/);
  assert.is((await findRate(options({ objective: objectiveOf(() => 1) }))).rate, null);
  assert.is((await findRate(options({ objective: objectiveOf(() => NaN) }))).rate, null);
});

test("methods whose steps are not plain, and a look that was stopped, are refused", async () => {
  for (const method of [zoAdam(), zoSign(), firstOrder()])
    await rejectsWith(findRate(options({ method })), "method: expected one with plain steps along projected gradients");
  await rejectsWith(findRate(options({ signal: AbortSignal.abort() })), "stopped");
  await rejectsWith(findRate(options({ steps: 0 })), "steps: expected a positive integer");
});

test("a schedule is worth the harmonic mean of its queries", () => {
  const { queries } = adazeta({ exponent: 1, multiplier: 1, cap: 4 });
  // Q = 1 1 2 3 in epochs of one step
  near(harmonicQueries(queries, 4, 1), 4 / (1 + 1 + 1 / 2 + 1 / 3), 1e-12);
  near(harmonicQueries({ kind: "constant", value: 3 }, 7, 2), 3, 1e-12);
});

test.run();

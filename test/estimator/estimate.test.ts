import { suite } from "uvu";
import * as assert from "uvu/assert";
import { direction, type DirectionSpec } from "../../src/estimator/directions";
import { estimate, isFiniteEstimate } from "../../src/estimator/estimate";
import { checkProbe, type ProbeSpec } from "../../src/estimator/probes";
import { gradientOf } from "../../src/estimator/form";
import type { Objective } from "../../src/estimator/objective";
import { createWorkspace } from "../../src/estimator/workspace";
import { curved, meanAndError, quadratic, recordingObjective, squaredNorm, type Analytic } from "./objectives";
import { rejectsWith, throwsWith } from "../support/throws";

const test = suite("estimator/estimate");

const gaussian: DirectionSpec = { kind: "gaussian" };
const twoSided = (perturbationScale = 2 ** -7, chunk = 1): ProbeSpec => ({
  kind: "two-sided",
  perturbationScale,
  chunk,
});
const estimators: readonly ProbeSpec[] = [
  twoSided(),
  twoSided(1e-3, 3),
  { kind: "directional", chunk: null },
  { kind: "directional", chunk: 2 },
];
const settings = { seed: 1, step: 2, queries: 5, directions: gaussian, batch: curved };
const point = Float32Array.from({ length: 9 }, (_, i) => 0.1 * i - 0.4);

test("one query on L = 3 x^2 / 2 at x = 2 along z = +-1 gives p = 6 z and g = 6", async () => {
  // L(2 + e) - L(2 - e) = 3/2 ((2 + e)^2 - (2 - e)^2) = 12 e; / 2 e = 6; g = p z = 6 z^2; mean loss 3/2 (4 + e^2)
  const workspace = createWorkspace(1);
  const batch = quadratic([3], [0]);
  const sign: DirectionSpec = { kind: "sign" };
  const found = await estimate(
    twoSided(0.5),
    recordingObjective(),
    Float32Array.of(2),
    { seed: 0, step: 0, queries: 1, directions: sign, batch },
    workspace,
  );
  const [z] = direction(sign, { seed: 0, step: 0, query: 0 }, 1);
  assert.equal(found, { projectedGradients: [6 * z], loss: 6.375, forwardPasses: 2 });
  assert.equal(workspace.gradient, Float32Array.of(6));
});

test("the directional estimate of the same has the same p, the loss at the point, and says what was a tangent", async () => {
  const batch = quadratic([3], [0]);
  const sign: DirectionSpec = { kind: "sign" };
  const found = await estimate({ kind: "directional", chunk: null }, recordingObjective(), Float32Array.of(2), {
    seed: 0,
    step: 0,
    queries: 2,
    directions: sign,
    batch,
  });
  const zs = [0, 1].map((query) => direction(sign, { seed: 0, step: 0, query }, 1)[0]);
  assert.equal(found, { projectedGradients: zs.map((z) => 6 * z), loss: 6, forwardPasses: 3, directionalPasses: 2 });
});

test("the gradient left in the workspace is gradientOf the plain numbers, bit for bit, after JSON too", async () => {
  const workspace = createWorkspace(9);
  for (const spec of estimators) {
    for (const directions of [
      gaussian,
      { kind: "sphere" },
      { kind: "sign" },
      { kind: "random-mask", keep: 0.5 },
      { kind: "table", bits: 8 },
    ] as const) {
      for (const queries of [1, 2, 3, 7]) {
        const found = await estimate(
          spec,
          recordingObjective(),
          point,
          { ...settings, queries, directions },
          workspace,
        );
        const { projectedGradients } = JSON.parse(JSON.stringify(found));
        assert.equal(gradientOf(directions, { seed: 1, step: 2, projectedGradients }, 9), workspace.gradient);
      }
    }
  }
});

test("many queries in a call give the numbers of one at a time", async () => {
  for (const queries of [1, 4, 5]) {
    const alone = await estimate(twoSided(1e-3, 1), recordingObjective(), point, { ...settings, queries });
    const exact = await estimate({ kind: "directional", chunk: 1 }, recordingObjective(), point, {
      ...settings,
      queries,
    });
    for (const chunk of [2, 3, 100]) {
      const objective = recordingObjective();
      assert.equal(await estimate(twoSided(1e-3, chunk), objective, point, { ...settings, queries }), alone);
      assert.is(objective.calls.length, Math.ceil(queries / chunk));
      assert.is(
        objective.calls.reduce((sum, call) => sum + call.points, 0),
        alone.forwardPasses,
      );
      const together = await estimate({ kind: "directional", chunk }, recordingObjective(), point, {
        ...settings,
        queries,
      });
      assert.equal(together.projectedGradients, exact.projectedGradients);
      assert.is(together.forwardPasses, Math.ceil(queries / chunk) + queries);
    }
  }
});

test("all queries of a step see the same batch, and the point is not touched", async () => {
  const before = point.slice();
  for (const spec of estimators) {
    const objective = recordingObjective();
    await estimate(spec, objective, point, settings);
    assert.ok(objective.calls.every(({ batch }) => batch === curved));
  }
  assert.equal(point, before);
});

test("points and directions under way keep their numbers until the engine answers", async () => {
  const objective: Objective<Analytic> = {
    async losses(points, batch) {
      const before = points.map((each) => each.slice());
      await new Promise((resolve) => setTimeout(resolve, 1));
      assert.equal(points, before);
      return points.map((each) => batch.loss(each));
    },
    async derivatives(at, directions, batch) {
      const before = directions.map((each) => each.slice());
      await new Promise((resolve) => setTimeout(resolve, 1));
      assert.equal(directions, before);
      return recordingObjective().derivatives(at, directions, batch);
    },
  };
  for (const spec of estimators) {
    assert.equal(
      await estimate(spec, objective, point, settings),
      await estimate(spec, recordingObjective(), point, settings),
    );
  }
});

test("the next query's points are ready when the engine asks for more: it is called again in the turn it answers", async () => {
  let asked = 0;
  let answer: (losses: readonly number[]) => void = () => undefined;
  const objective: Objective<null> = {
    losses: () => {
      asked++;
      return new Promise((resolve) => (answer = resolve));
    },
    derivatives: () => Promise.reject(new Error("not asked")),
  };
  const running = estimate(twoSided(), objective, point, { ...settings, queries: 3, batch: null });
  for (let call = 1; call <= 3; call++) {
    await new Promise((resolve) => setImmediate(resolve));
    assert.is(asked, call);
    answer([1, 0]);
  }
  assert.is((await running).forwardPasses, 6);
});

test("a sparing workspace has one point at a time in memory, asks for one loss at a time, and changes no bit", async () => {
  for (const directions of [gaussian, { kind: "table", bits: 8 }] as const)
    for (const chunk of [1, 3]) {
      const [usual, sparing] = [createWorkspace(9, false), createWorkspace(9, true)];
      const asked = new Set<Float32Array>();
      const counted: Objective<Analytic> = {
        ...recordingObjective(),
        losses(points, batch) {
          assert.is(points.length, 1);
          points.forEach((at) => asked.add(at));
          return recordingObjective().losses(points, batch);
        },
      };
      const all = { ...settings, directions };
      const expected = await estimate(twoSided(1e-3, chunk), recordingObjective(), point, all, usual);
      assert.equal(await estimate(twoSided(1e-3, chunk), counted, point, all, sparing), expected);
      assert.equal(sparing.gradient, usual.gradient);
      assert.is(asked.size, 1);
    }
  assert.equal([createWorkspace(9).sparing, createWorkspace(9, true).sparing], [false, true]);
});

test("the two-sided estimate is unbiased on a quadratic, within 4 standard errors in every coordinate", async () => {
  const batch = quadratic([1, 4, 0.5, 2, 1, 3], [1, -1, 0.5, 0, 2, -0.5]);
  const at = Float32Array.of(0.5, -1, 2, 1, 0, -0.25);
  const truth = batch.gradient(at);
  for (const directions of [gaussian, { kind: "sphere" }, { kind: "sign" }] as const) {
    const workspace = createWorkspace(6);
    const draws: number[][] = [];
    for (let step = 0; step < 4000; step++) {
      await estimate(twoSided(), recordingObjective(), at, { seed: 3, step, queries: 2, directions, batch }, workspace);
      draws.push([...workspace.gradient]);
    }
    truth.forEach((expected, i) => {
      const { mean, error } = meanAndError(draws.map((draw) => draw[i]));
      assert.ok(
        Math.abs(mean - expected) < 4 * error,
        `${directions.kind} ${i}: ${mean} +- ${error}, expected ${expected}`,
      );
    });
  }
});

test("E|g|^2 / |grad|^2 is (d + n + 1) / n for Gaussian and (d + n - 1) / n for sphere directions, within 4 standard errors", async () => {
  const batch = quadratic([1, 2, 0.5, 2, 1, 3, 1, 1, 0.5, 1], [1, -1, 0.5, 0, 2, -0.5, 1, 1, 0, -1]);
  const d = 10;
  const at = Float32Array.from({ length: d }, (_, i) => i / 8 - 0.5);
  const squared = batch.gradient(at).reduce((sum, value) => sum + value * value, 0);
  for (const spec of [twoSided(), { kind: "directional", chunk: null }] as const) {
    for (const [kind, extra] of [
      ["gaussian", 1],
      ["sphere", -1],
    ] as const) {
      for (const n of [1, 4]) {
        const workspace = createWorkspace(d);
        const ratios: number[] = [];
        for (let step = 0; step < 8000 / n; step++) {
          await estimate(
            spec,
            recordingObjective(),
            at,
            { seed: n, step, queries: n, directions: { kind }, batch },
            workspace,
          );
          ratios.push(squaredNorm(workspace.gradient) / squared);
        }
        const { mean, error } = meanAndError(ratios);
        const expected = (d + n + extra) / n;
        assert.ok(
          Math.abs(mean - expected) < 4 * error,
          `${kind}, n = ${n}: ${mean} +- ${error}, expected ${expected}`,
        );
      }
    }
  }
});

test("the directional estimate is the limit of the two-sided one: the difference falls as epsilon squared", async () => {
  // Signs, multiples of 1/64 and powers of two: every point is exact in Float32, so only the truncation error is seen.
  const exactPoint = Float32Array.from({ length: 9 }, (_, i) => (7 * i - 20) / 64);
  const signs = { ...settings, directions: { kind: "sign" } as const };
  const exact = await estimate({ kind: "directional", chunk: null }, recordingObjective(), exactPoint, signs);
  const errors: number[] = [];
  for (const power of [-4, -5, -6, -7, -8]) {
    const near = await estimate(twoSided(2 ** power), recordingObjective(), exactPoint, signs);
    const differences = near.projectedGradients.map((p, q) => Math.abs(p - exact.projectedGradients[q]));
    errors.push(Math.max(...differences));
  }
  for (let i = 1; i < errors.length; i++) {
    const ratio = errors[i - 1] / errors[i];
    assert.ok(Math.abs(ratio - 4) < 0.01, `ratio ${ratio} of ${errors.join(" ")}`);
  }
  const tiny = await estimate(twoSided(2 ** -14), recordingObjective(), exactPoint, signs);
  // six halvings more: the last difference / 4^6
  const bound = (1.01 * errors[4]) / 4 ** 6;
  tiny.projectedGradients.forEach((p, q) => assert.ok(Math.abs(p - exact.projectedGradients[q]) < bound));
});

test("losses that are not finite are handed on and seen", async () => {
  const batch = { loss: (x: Float32Array) => (x[0] > point[0] ? Infinity : 1), gradient: () => [] };
  const found = await estimate(twoSided(), recordingObjective(), point, { ...settings, batch });
  assert.not(isFiniteEstimate(found));
  assert.ok(isFiniteEstimate({ loss: 1, projectedGradients: [0, -2] }));
  assert.not(isFiniteEstimate({ loss: NaN, projectedGradients: [0] }));
  assert.not(isFiniteEstimate({ loss: 1, projectedGradients: [NaN] }));
});

test("no trainable parameter gives a projected gradient of 0", async () => {
  const found = await estimate(twoSided(), recordingObjective(), new Float32Array(0), settings);
  assert.equal(found.projectedGradients, [0, 0, 0, 0, 0]);
});

test("wrong counts, specifications and answers are refused", async () => {
  const objective = recordingObjective();
  await rejectsWith(
    estimate(twoSided(0), objective, point, settings),
    "probe.perturbationScale: expected a positive number, got 0",
  );
  await rejectsWith(
    estimate(twoSided(1e-3, 0), objective, point, settings),
    "probe.chunk: expected a positive integer, got 0",
  );
  await rejectsWith(
    estimate(twoSided(), objective, point, { ...settings, queries: 0 }),
    "queries: expected a positive integer, got 0",
  );
  await rejectsWith(
    estimate(twoSided(), objective, point, { ...settings, step: -1 }),
    "step: expected a non-negative integer, got -1",
  );
  await rejectsWith(
    estimate(twoSided(), objective, point, settings, createWorkspace(8)),
    "point: expected length 8, got 9",
  );
  await rejectsWith(
    estimate(twoSided(), { ...objective, losses: async () => [1] }, point, settings),
    "losses of the objective: expected length 2, got 1",
  );
  await rejectsWith(
    estimate(
      { kind: "directional", chunk: null },
      { ...objective, derivatives: async () => ({ loss: 1, derivatives: [] }) },
      point,
      settings,
    ),
    "derivatives of the objective: expected length 5, got 0",
  );
  await rejectsWith(
    estimate(twoSided(), { ...objective, losses: () => Promise.reject(new Error("engine gone")) }, point, settings),
    "engine gone",
  );
  throwsWith(
    () => checkProbe("probe", { kind: "directional", chunk: 0 }),
    "probe.chunk: expected a positive integer, got 0",
  );
  throwsWith(
    () => checkProbe("probe", { kind: "no-sided" } as unknown as ProbeSpec),
    'probe.kind: expected "two-sided", "one-sided", "three-point", "directional", ',
  );
  throwsWith(() => createWorkspace(-1), "size: expected a non-negative integer, got -1");
  throwsWith(
    () => gradientOf(gaussian, { seed: 0, step: 0, projectedGradients: [] }, 3),
    "projectedGradients: expected at least one query, got []",
  );
});

test.run();

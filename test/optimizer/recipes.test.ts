import { suite } from "uvu";
import * as assert from "uvu/assert";
import { weightsOf } from "../../src/estimator/combine";
import { direction, gaussianDirection, type DirectionSpec } from "../../src/estimator/directions";
import { ownDirections, type OwnDirections } from "../../src/estimator/directions/own";
import { estimate } from "../../src/estimator/estimate";
import type { Method } from "../../src/optimizer/method";
import { conservative, hizoo, lozo, lozoM, lozoReference, mezo, subzero } from "../../src/optimizer/recipes";
import { applyRecorded, step } from "../../src/optimizer/step";
import { normals } from "../../src/random/normals";
import { randomKey } from "../../src/random/key";
import { layoutOf } from "../../src/tree/layout";
import { norm } from "../../src/tree/vector";
import { quadratic, recordingObjective } from "../estimator/objectives";
import { rejectsWith } from "../support/throws";

const test = suite("optimizer/recipes");

/** L = 3 x^2 / 2, of one number. */
const parabola = quadratic([3], [0]);
const one = layoutOf([{ name: "x", shape: [1], decay: true }]);
const matrix = layoutOf([{ name: "w", shape: [3, 4], decay: true }]);
const scale = 2 ** -4;

function near(got: number, expected: number, tolerance: number): void {
  const error = Math.abs(got - expected);
  assert.ok(error <= tolerance, `${got} instead of ${expected}`);
}

/** One step on the parabola from x. */
const stepFrom = (method: Method, x: number) =>
  step(method, recordingObjective(), Float32Array.of(x), { seed: 7, step: 0, epoch: 0, layout: one, batch: parabola });

/** Where recorded numbers of steps lead from 0 on the matrix, step by step. */
function walked(method: Method, slopes: readonly number[]): readonly Float32Array[] {
  const points = [new Float32Array(matrix.size)];
  let state: ReturnType<typeof applyRecorded>["state"] | undefined;
  slopes.forEach((p, index) => {
    const at = { seed: 7, step: index, epoch: 0, layout: matrix, state, projectedGradients: [p] };
    const next = applyRecorded(method, points.at(-1)!, at);
    points.push(next.point);
    ({ state } = next);
  });
  return points.slice(1).map((point, i) => point.map((value, k) => value - points[i]![k]!));
}

/** Whether the rows of a 3 x 4 matrix are multiples of those of another. */
function sameRows(a: Float32Array, b: Float32Array): boolean {
  return [1, 2, 3].every((j) => Math.abs(a[0]! * b[j]! - a[j]! * b[0]!) < 1e-5);
}

test("one-sided on L = 3 x^2 / 2: p = 3 x z + 3 eps z^2 / 2, for Q + 1 passes", async () => {
  const spec = { kind: "one-sided", perturbationScale: scale, chunk: 2 } as const;
  const asked = { seed: 7, step: 0, queries: 2, directions: { kind: "gaussian" }, batch: parabola } as const;
  const found = await estimate(spec, recordingObjective(), Float32Array.of(2), asked);
  found.projectedGradients.forEach((p, query) => {
    const [z] = gaussianDirection(7, 0, query, 1);
    near(p, 6 * z! + (3 * scale * z! ** 2) / 2, 1e-5);
  });
  assert.equal([found.loss, found.forwardPasses], [6, 3]);
});

test("three points on L = 3 x^2 / 2: the curvature 3 z^2 / 2 besides", async () => {
  const { estimate: found } = await stepFrom(hizoo({ perturbationScale: scale }), 2);
  const [z] = gaussianDirection(7, 0, 0, 1);
  near(found.projectedGradients[0]!, 6 * z!, 1e-5);
  near(found.further![0]!, (3 * z! ** 2) / 2, 1e-3);
  assert.is(found.forwardPasses, 3);
});

test("weights of p = 1, 3, 8 by each combination", () => {
  // mean 4, deviations -3, -1, 4: standard deviation sqrt(26 / 3)
  const deviation = Math.sqrt(26 / 3);
  const weights = (kind: Parameters<typeof weightsOf>[0]["kind"]) => weightsOf({ kind }, [1, 3, 8]).map((w) => 3 * w);
  const expected = {
    mean: [1, 3, 8],
    sign: [1, 1, 1],
    spread: [1, 3, 8].map((p) => p / deviation),
    "z-score": [-3, -1, 4].map((p) => p / deviation),
    rank: [-0.5, 0, 0.5],
  } as const;
  for (const [kind, values] of Object.entries(expected))
    weights(kind as keyof typeof expected).forEach((weight, i) => near(weight, values[i]!, 1e-7));
});

test("LOZO at rank 1: rows are multiples of one V, kept for nu steps", () => {
  const { directions } = lozo({ rank: 1, redraw: 2 });
  const at = (index: number, query = 0) => direction(directions, { seed: 7, step: index, query }, matrix);
  assert.ok(sameRows(at(0), at(0).subarray(4)) && sameRows(at(0), at(0).subarray(8)));
  assert.ok(sameRows(at(0), at(1)) && sameRows(at(0), at(0, 1)));
  assert.not.equal(at(0), at(1));
  assert.not(sameRows(at(1), at(2)));
});

test("as LOZO's code runs only steps that redraw differ", () => {
  const options = { rank: 1, redraw: 2, learningRate: 1 };
  const [first, second, third] = walked(lozo(options), [1, 1, 1]);
  const [redrawn, kept, again] = walked(lozoReference(options), [1, 1, 1]);
  assert.not.equal(redrawn, first);
  kept!.forEach((value, i) => near(value, second![i]!, 1e-6));
  assert.not.equal(again, third);
});

test("LOZO-M within a block: a step is b of the step before and 1 - b of LOZO's", () => {
  const options = { rank: 1, redraw: 50, learningRate: 0.5 };
  const [first, second] = walked(lozo(options), [1, -2]);
  const [start, next] = walked(lozoM({ ...options, decay: 0.9 }), [1, -2]);
  start!.forEach((value, i) => near(value, first![i]!, 1e-6));
  next!.forEach((value, i) => near(value, 0.9 * first![i]! + 0.1 * second![i]!, 1e-5));
});

test("SubZero at rank 1: a matrix has length sqrt(m n) times its one number", () => {
  const z = direction(subzero({ rank: 1 }).directions, { seed: 7, step: 3, query: 1 }, matrix);
  const [core] = normals(randomKey(7, "left", 3, 1, 0), 1);
  near(norm(z), Math.sqrt(12) * Math.abs(core!), 1e-5);
});

test("HiZOO's first step on L = 3 x^2 / 2 by hand", async () => {
  // sigma = 1, so p = 6 z and c = 3 z^2 / 2; sigma' = 0.9 + 0.1 c z^2; x' = 2 - p z / sqrt(sigma') / 8
  const { point } = await stepFrom(hizoo({ perturbationScale: scale, smoothing: 0.1, learningRate: 1 / 8 }), 2);
  const [z] = gaussianDirection(7, 0, 0, 1);
  const sigma = 0.9 + 0.1 * ((3 * z! ** 2) / 2) * z! ** 2;
  near(point[0]!, 2 - (6 * z! ** 2) / Math.sqrt(sigma) / 8, 1e-3);
});

test("conservative steps go ahead where that is lower and stay where both sides are higher", async () => {
  const [z] = gaussianDirection(7, 0, 0, 1);
  const gradient = 6 * z! ** 2;
  const ahead = await stepFrom(conservative({ perturbationScale: scale, learningRate: 1 / gradient }), 2);
  near(ahead.point[0]!, 1, 1e-4);
  // From 2 a step of 5 leads to -3, one back to 7.
  const far = await stepFrom(conservative({ perturbationScale: scale, learningRate: 5 / gradient }), 2);
  assert.is(far.point[0], 2);
  assert.is(far.estimate.forwardPasses, 5);
});

test("directions of one's own: drawn, checked for their length, and refused without their function", async () => {
  const written = (size: number): OwnDirections =>
    ownDirections({
      name: "ones",
      settings: { by: 3 },
      draw: ({ settings }) => new Float32Array(size).fill(settings.by),
    });
  const run = (directions: DirectionSpec) => stepFrom({ ...mezo({ learningRate: 1 / 64 }), directions }, 2);
  // z = 3: p = 18, g = 54
  near((await run(written(1))).point[0]!, 2 - 54 / 64, 1e-3);
  await rejectsWith(run(written(2)), "directions ones: expected length 1, got 2");
  const read = JSON.parse(JSON.stringify(written(1))) as OwnDirections;
  await rejectsWith(run(read), "directions ones: expected their function (run the cell that defines them)");
});

test.run();

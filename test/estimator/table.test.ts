import { suite } from "uvu";
import * as assert from "uvu/assert";
import { plainHere } from "../../src/estimator/direction";
import { direction, openDirections, type DirectionSpec } from "../../src/estimator/directions";
import { estimate } from "../../src/estimator/estimate";
import { type ProbeSpec } from "../../src/estimator/probes";
import { gradientOf } from "../../src/estimator/form";
import { createWorkspace } from "../../src/estimator/workspace";
import { bitsInto } from "../../src/random/bits";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import { dot } from "../../src/tree/vector";
import { meanAndError, quadratic, recordingObjective } from "./objectives";

const test = suite("estimator/table");

const spec: DirectionSpec = { kind: "table", bits: 12 };
const at = { seed: 3, step: 5, query: 1 };
const BLOCK = 16384;
const noMemory = (): Float32Array => assert.unreachable("a table's direction is not stored") as never;

test("each block is a run of the seed's table from its own place on, with its own sign", () => {
  const size = 2 * BLOCK + 77;
  const table = normals(randomKey(3, "table", 12), 4096);
  const words = new Uint32Array(3);
  bitsInto(randomKey(3, "direction", 5, 1), words);
  const expected = Float32Array.from({ length: size }, (_, i) => {
    const word = words[Math.floor(i / BLOCK)];
    return (word >>> 31 ? -1 : 1) * table[((word % 4096) + (i % BLOCK)) % 4096];
  });
  assert.equal(direction(spec, at, size), expected);
});

test("what is added has the bits of float32 arithmetic on the direction, without storing it", () => {
  const size = BLOCK + 5;
  const z = direction(spec, at, size);
  const point = normals(randomKey(1, "check"), size);
  const [plus, minus] = [new Float32Array(size), new Float32Array(size)];
  openDirections(spec, plainHere(at.seed, at.step, size))(at.query, noMemory).spreadInto(plus, minus, 1e-3, point);
  const by = z.map((value) => Math.fround(1e-3) * value);
  assert.equal(
    plus,
    point.map((value, i) => value + by[i]),
  );
  assert.equal(
    minus,
    point.map((value, i) => value - by[i]),
  );
  const sum = point.slice();
  openDirections(spec, plainHere(at.seed, at.step, size))(at.query, noMemory).addInPlace(sum, -0.25);
  assert.equal(
    sum,
    point.map((value, i) => value + Math.fround(-0.25 * z[i])),
  );
});

test("seeds, steps and queries give other directions, the same ones the same bits, whatever was drawn in between", () => {
  const first = direction(spec, at, 100);
  for (const other of [
    { ...at, seed: 4 },
    { ...at, step: 6 },
    { ...at, query: 2 },
  ])
    assert.not.equal(direction(spec, other, 100), first);
  assert.not.equal(direction({ kind: "table", bits: 13 }, at, 100), first);
  assert.equal(direction(spec, at, 100), first);
  // Recorded runs depend on these bits: they stay for ever.
  assert.equal(
    [...new Uint32Array(direction({ kind: "table", bits: 20 }, { seed: 0, step: 0, query: 0 }, 3).buffer)].map((word) =>
      word.toString(16),
    ),
    PINNED,
  );
});

const PINNED = ["c0416d16", "be2588ea", "beaf1041"];

test("moments are a standard normal's, within 4 standard errors of the table's size", () => {
  const n = 2 ** 20;
  const z = direction({ kind: "table", bits: 20 }, at, n);
  const moment = (power: number) => z.reduce((sum, x) => sum + x ** power, 0) / n;
  assert.ok(Math.abs(moment(1)) < 4 * Math.sqrt(1 / n));
  assert.ok(Math.abs(moment(2) - 1) < 4 * Math.sqrt(2 / n));
  assert.ok(Math.abs(moment(3)) < 4 * Math.sqrt(15 / n));
  assert.ok(Math.abs(moment(4) - 3) < 4 * Math.sqrt(96 / n));
});

test("blocks of one direction, queries, steps and seeds are uncorrelated", () => {
  // 400 draws of the correlation of two pieces of 4,096 numbers: each has a standard error of 1/64, more where pieces overlap.
  const n = 4096;
  const bits = 20;
  const correlations = (pair: (i: number) => readonly [Float32Array, Float32Array]) =>
    Array.from({ length: 400 }, (_, i) => dot(...pair(i)) / n);
  const draw = (seed: number, step: number, query: number, size = n) =>
    direction({ kind: "table", bits }, { seed, step, query }, size);
  const pairs = {
    blocks: correlations((i) => {
      const z = draw(1, i, 0, 2 * BLOCK);
      return [z.subarray(0, n), z.subarray(BLOCK, BLOCK + n)];
    }),
    queries: correlations((i) => [draw(1, i, 0), draw(1, i, 1)]),
    steps: correlations((i) => [draw(1, i, 0), draw(1, i + 1, 0)]),
  };
  for (const [what, values] of Object.entries(pairs)) {
    const { mean, error } = meanAndError(values);
    assert.ok(Math.abs(mean) < 4 * error, `${what}: mean ${mean} +- ${error}`);
    assert.ok(error < 2 / 64 / Math.sqrt(400), `${what}: spread ${error}`);
  }
});

test("neighbours inside a block are correlated as the table is: about 2^(-bits / 2)", () => {
  const draws = Array.from({ length: 4000 }, (_, step) =>
    direction({ kind: "table", bits: 16 }, { seed: 1, step, query: 0 }, 3),
  );
  for (const [i, j] of [
    [0, 0],
    [0, 1],
    [1, 2],
  ] as const) {
    const { mean, error } = meanAndError(draws.map((z) => z[i] * z[j]));
    assert.ok(Math.abs(mean - (i === j ? 1 : 0)) <= 4.5 * error + 4 * 2 ** -8, `${i} ${j}: ${mean} +- ${error}`);
  }
});

test("a gradient estimate finds a quadratic's gradient, and a replay has its bits, with every estimator", async () => {
  const size = 40;
  const analytic = quadratic(
    Array.from({ length: size }, (_, i) => 1 + i / size),
    Array.from({ length: size }, () => 0.5),
  );
  const point = normals(randomKey(9, "check"), size);
  const truth = analytic.gradient(point);
  const estimators: readonly ProbeSpec[] = [
    { kind: "two-sided", perturbationScale: 2 ** -7, chunk: 1 },
    { kind: "two-sided", perturbationScale: 2 ** -7, chunk: 3 },
    { kind: "directional", chunk: null },
  ];
  for (const estimator of estimators) {
    const workspace = createWorkspace(size);
    const queries = 2000;
    const directions: DirectionSpec = { kind: "table", bits: 16 };
    const found = await estimate(
      estimator,
      recordingObjective(),
      point,
      { seed: 2, step: 0, queries, directions, batch: analytic },
      workspace,
    );
    const cosine =
      dot(workspace.gradient, Float32Array.from(truth)) /
      Math.sqrt(dot(workspace.gradient, workspace.gradient) * truth.reduce((sum, x) => sum + x * x, 0));
    // n / (d + n + 1) of |g|^2 is signal: cosine about sqrt(2000 / 2041) = 0.990
    assert.ok(cosine > 0.985, `${estimator.kind}: cosine ${cosine}`);
    const { projectedGradients } = found;
    assert.equal(gradientOf(directions, { seed: 2, step: 0, projectedGradients }, size), workspace.gradient);
  }
});

test.run();

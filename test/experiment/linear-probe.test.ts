import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeAdapter } from "../../src/adapter/make-adapter";
import { referenceSession } from "../../src/engine/reference/session";
import type { Features } from "../../src/engine/session";
import { minimise } from "../../src/experiment/lbfgs";
import { linearProbe } from "../../src/experiment/linear-probe";
import { FROZEN } from "../../src/experiment/plan";
import type { Trainable } from "../../src/experiment/problem";
import { runStill } from "../../src/experiment/run-still";
import { permutation } from "../../src/random/permutation";
import { randomKey } from "../../src/random/key";
import { probabilities } from "../../src/task/loss";
import { scores } from "../../src/task/readout";
import { tinyProblem } from "../support/tiny-problem";
import { rejectsWith, throwsWith } from "../support/throws";

const test = suite("experiment/linear-probe");
const features = (rows: readonly (readonly number[])[]): Features => ({
  data: Float32Array.from(rows.flat()),
  points: 1,
  texts: rows.length,
  width: rows[0].length,
});

test("two texts at 1 and -1: the weight solves one equation", () => {
  // By symmetry W = (-w, w), b = 0. With u = 2 w: dL/dw = 0 is  2 w = 2 C 2 / (1 + e^u), so u (1 + e^u) = 4 C; found by bisection.
  const strength = 3;
  let [low, high] = [0, 10];
  for (let i = 0; i < 60; i++) {
    const u = (low + high) / 2;
    if (u * (1 + Math.exp(u)) < 4 * strength) low = u;
    else high = u;
  }
  const { rows, bias, scale } = linearProbe(features([[1], [-1]]), [1, 0], 2, strength);
  assert.ok(Math.abs(rows[1] - low / 2) < 1e-5, `${rows[1]} and ${low / 2}`);
  assert.ok(Math.abs(rows[0] + low / 2) < 1e-5);
  assert.ok(Math.abs(bias![0]) < 1e-6 && Math.abs(bias![1]) < 1e-6);
  assert.is(scale, 1);
});

test("a weaker penalty fits the texts better, and separable classes are told apart", () => {
  const order = permutation(randomKey(1, "batch", 0), 30);
  const rows = order.map((i) => [Math.cos(i), Math.sin(i) + (i % 3) * 2, i % 2]);
  const labels = order.map((i) => i % 3);
  const weights = [0.01, 1, 100].map((strength) => linearProbe(features(rows), labels, 3, strength).rows);
  const lengths = weights.map((w) => Math.hypot(...w));
  assert.ok(lengths[0] < lengths[1] && lengths[1] < lengths[2]);
});

test("its probabilities are scikit-learn's, at every strength and number of classes, to 2e-6", () => {
  interface Case {
    readonly classes: number;
    readonly width: number;
    readonly features: readonly number[];
    readonly labels: readonly number[];
    readonly fits: readonly { readonly strength: number; readonly probabilities: readonly number[] }[];
  }
  const cases = JSON.parse(readFileSync("test/fixtures/probe/expected.json", "utf8")) as readonly Case[];
  assert.equal(
    cases.map(({ classes, fits }) => [classes, fits.length]),
    [
      [3, 4],
      [6, 4],
      [2, 4],
    ],
  );
  for (const { classes, width, features: data, labels, fits } of cases)
    for (const { strength, probabilities: expected } of fits) {
      const read = { data: Float32Array.from(data), points: 1, texts: labels.length, width };
      const found = probabilities(scores(linearProbe(read, labels, classes, strength), read), classes);
      const off = Math.max(...expected.map((p, i) => Math.abs(p - found[i])));
      assert.ok(off < 2e-6, `${classes} classes, C = ${strength}: ${off}`);
    }
});

test("a quadratic of 40 variables of very different curvature ends at its minimum", () => {
  const target = Float64Array.from({ length: 40 }, (_, i) => Math.sin(i));
  const curvature = target.map((_, i) => 10 ** (i % 4));
  const { x, gradientMax } = minimise((at, gradient) => {
    let value = 0;
    at.forEach((entry, i) => {
      gradient[i] = curvature[i] * (entry - target[i]);
      value += (gradient[i] * (entry - target[i])) / 2;
    });
    return value;
  }, new Float64Array(40));
  assert.ok(gradientMax <= 1e-6);
  x.forEach((entry, i) => assert.ok(Math.abs(entry - target[i]) < 1e-6));
});

test("zero-shot scores the frozen readout; the probe's C is the best on dev, and test is looked at once", async () => {
  const problem = await tinyProblem("llama");
  const { model } = problem.loaded;
  const session = referenceSession(model, makeAdapter(FROZEN, model));
  const looks: string[] = [];
  const watched = {
    ...problem,
    evaluate: (...of: Parameters<typeof problem.evaluate>) => {
      looks.push(of[2]);
      return problem.evaluate(...of);
    },
  };
  const zero = await runStill({ name: "zero-shot", kind: "zero-shot" }, watched, session, () => 0);
  assert.equal(looks, ["dev", "test"]);
  const dev = await problem.evaluate(session, new Float32Array(0), "dev", FROZEN);
  assert.is(zero.still.dev.loss, dev.loss);
  const strengths = [1e-3, 1, 1000];
  const probe = await runStill({ name: "probe", kind: "linear-probe", strengths }, problem, session, () => 0);
  const { strength, losses } = probe.chosen!;
  assert.is(losses[strengths.indexOf(strength)], Math.min(...losses));
  assert.is(probe.still.dev.loss, Math.min(...losses));
  assert.is(probe.still.parameters, 2 * (session.width + 1));
  await session.dispose();
});

test("a task without classes, and a probe without strengths, are refused", async () => {
  const problem = await tinyProblem("llama");
  const { model } = problem.loaded;
  const session = referenceSession(model, makeAdapter(FROZEN, model));
  const others: Trainable<unknown> = { ...problem, kind: "options" };
  const probe = { name: "probe", kind: "linear-probe", strengths: [1] } as const;
  await rejectsWith(
    runStill(probe, others, session, () => 0),
    "linear probe on sst2: expected a task with classes",
  );
  await rejectsWith(
    runStill({ ...probe, strengths: [] }, problem, session, () => 0),
    "strengths: expected at least one",
  );
  throwsWith(() => linearProbe(features([[1], [2]]), [0, 1], 2, 0), "strength: expected a positive number, got 0");
});

test.run();

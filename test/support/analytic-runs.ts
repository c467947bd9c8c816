import type { Objective } from "../../src/estimator/objective";
import { mezo } from "../../src/optimizer/recipes";
import { randomKey } from "../../src/random/key";
import { normals } from "../../src/random/normals";
import type { RunSettings } from "../../src/train/settings";
import type { TrainOptions } from "../../src/train/train";
import { layoutOf } from "../../src/tree/layout";

/** An objective from a loss alone; the derivatives are central differences in float64, which tests here do not need exact. */
export function objectiveOf<Batch>(loss: (point: Float32Array, batch: Batch) => number): Objective<Batch> {
  const along = (point: Float32Array, z: Float32Array, by: number) => point.map((value, i) => value + by * z[i]);
  return {
    losses: async (points, batch) => points.map((point) => loss(point, batch)),
    derivatives: async (point, directions, batch) => ({
      loss: loss(point, batch),
      derivatives: directions.map(
        (z) => (loss(along(point, z, 1e-2), batch) - loss(along(point, z, -1e-2), batch)) / 2e-2,
      ),
    }),
  };
}

/** L(theta) = 1/2 |theta - 1|^2. */
export const quadratic = objectiveOf<number>((point) => point.reduce((sum, x) => sum + (x - 1) ** 2 / 2, 0));

/** Examples [n][features] with classes 0 and 1, drawn around (+1, ..) and (-1, ..). */
export function logisticData(examples: number, features: number, seed: number) {
  const noise = normals(randomKey(seed, "batch"), examples * features);
  return Array.from({ length: examples }, (_, i) => ({
    label: i % 2,
    x: Array.from({ length: features }, (_, j) => noise[i * features + j] + (i % 2 === 0 ? 1 : -1)),
  }));
}

export type Examples = ReturnType<typeof logisticData>;

/** Mean logistic loss of weights [features] and a bias on examples, and the share that is right. */
export function logistic(
  point: Float32Array,
  examples: Examples,
): { readonly loss: number; readonly accuracy: number } {
  let loss = 0;
  let right = 0;
  for (const { x, label } of examples) {
    const score = x.reduce((sum, value, j) => sum + value * point[j], point[x.length]);
    const margin = label === 0 ? score : -score;
    loss += Math.log1p(Math.exp(-margin));
    if (margin > 0) right++;
  }
  return { loss: loss / examples.length, accuracy: right / examples.length };
}

/** Settings for short runs; any of them replaced. */
export function settingsOf(changes: Partial<RunSettings> = {}): RunSettings {
  return {
    method: mezo({ learningRate: 0.05 }),
    budget: { kind: "steps", steps: 6 },
    stepsPerEpoch: 3,
    evaluateEvery: 2,
    seed: 7,
    stop: [],
    ...changes,
  };
}

/** A run on the quadratic with d = 4 from 0; any option replaced. The clock ticks once a reading. */
export function quadraticRun(changes: Partial<TrainOptions<number>> = {}): TrainOptions<number> {
  let ticks = 0;
  return {
    settings: settingsOf(),
    identity: { model: "quadratic", adapter: { kind: "none" }, data: "none", plan: null },
    start: new Float32Array(4),
    layout: layoutOf([{ name: "x", shape: [4], decay: true }]),
    objective: quadratic,
    batchAt: (step) => step,
    evaluate: async (point) => ({ loss: (await quadratic.losses([point], 0))[0], accuracy: 0.5 }),
    clock: () => ticks++,
    ...changes,
  };
}

/** A logistic regression with 8 features, 40 examples, batches of 8 (5 steps an epoch); any option replaced. */
export function logisticRun(changes: Partial<TrainOptions<Examples>> = {}): TrainOptions<Examples> {
  const [train, dev] = [logisticData(40, 8, 1), logisticData(40, 8, 2)];
  let ticks = 0;
  return {
    settings: settingsOf({ stepsPerEpoch: 5, budget: { kind: "steps", steps: 60 }, evaluateEvery: 10 }),
    identity: { model: "logistic", adapter: { kind: "none" }, data: "normals 1, 2", plan: null },
    start: new Float32Array(9),
    layout: layoutOf([
      { name: "weights", shape: [8], decay: true },
      { name: "bias", shape: [1], decay: false },
    ]),
    objective: objectiveOf((point, batch: Examples) => logistic(point, batch).loss),
    batchAt: (step) => train.slice((step % 5) * 8, (step % 5) * 8 + 8),
    evaluate: async (point) => ({ ...logistic(point, dev), forwardPasses: 5 }),
    clock: () => ticks++,
    ...changes,
  };
}

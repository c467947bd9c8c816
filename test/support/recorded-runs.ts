import type { Objective } from "../../src/estimator/objective";
import { ownEstimator } from "../../src/estimator/probes/own";
import { adazeta, firstOrder, mezo, mezoFull, randomMask } from "../../src/optimizer/recipes";
import type { Method } from "../../src/optimizer/method";
import type { TrainOptions } from "../../src/train/train";
import { logistic, logisticRun, settingsOf, type Examples } from "./analytic-runs";

const step = { learningRate: 0.05, weightDecay: 0.01 } as const;
const oneSided = ownEstimator({
  name: "one-sided",
  settings: { scale: 1e-2 },
  passes: { once: 1, perQuery: 1 },
  async project({ point, directions, settings: { scale }, ahead, losses }) {
    const [here, ...there] = await losses([point, ...directions.map((z) => ahead(z, scale))]);
    return { loss: here, projectedGradients: there.map((loss) => (loss - here) / scale) };
  },
});

/** A method for each direction, estimator and update rule, as they were recorded before methods became open. */
export const recordedMethods: Readonly<Record<string, Method>> = {
  adazeta: adazeta({ ...step, exponent: { target: 6, epochs: 3 }, cap: 5 }),
  gaussian: mezo({ ...step, queries: 3, chunk: 2 }),
  sphere: { ...mezo({ ...step, queries: 2 }), directions: { kind: "sphere" } },
  sign: { ...mezo({ ...step, queries: 2 }), directions: { kind: "sign" } },
  "random-mask": randomMask({ ...step, queries: 2 }),
  table: mezoFull({ ...step, bits: 8, queries: 2 }),
  directional: mezo({ ...step, estimator: "directional", queries: 3 }),
  "directional-chunks": mezo({ ...step, estimator: "directional", queries: 3, chunk: 2 }),
  "directional-table": { ...mezoFull({ ...step, bits: 8, queries: 2, estimator: "directional" }) },
  own: mezo({ ...step, estimator: oneSided, queries: 2 }),
  adam: {
    ...mezo({ queries: 2, learningRate: 0.05 }),
    transforms: [
      { kind: "adam", firstDecay: 0.9, secondDecay: 0.99, epsilon: 1e-8 },
      { kind: "decoupled-weight-decay", weightDecay: 0.01 },
    ],
  },
  "first-order": firstOrder({ learningRate: 0.05, weightDecay: 0.01 }),
  "first-order-sgd": firstOrder({ ...step, rule: "sgd" }),
};

/** The run of a method that its fixture records: 12 steps of a logistic regression with 8 features. */
export function recordedRun(method: Method): TrainOptions<Examples> {
  const run = logisticRun({
    settings: settingsOf({ method, stepsPerEpoch: 5, budget: { kind: "steps", steps: 12 }, evaluateEvery: 6 }),
  });
  return { ...run, objective: { ...run.objective, gradient } };
}

/** The exact gradient of the logistic loss: mean of (sigma - label) x. */
const gradient: Objective<Examples>["gradient"] = async (point, examples) => {
  const sum = new Float64Array(point.length);
  for (const { x, label } of examples) {
    const score = x.reduce((total, value, j) => total + value * point[j], point[x.length]);
    const slope = (label === 0 ? -1 / (1 + Math.exp(score)) : 1 / (1 + Math.exp(-score))) / examples.length;
    x.forEach((value, j) => (sum[j] += slope * value));
    sum[x.length] += slope;
  }
  return { loss: logistic(point, examples).loss, gradient: Float32Array.from(sum) };
};

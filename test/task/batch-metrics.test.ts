import { suite } from "uvu";
import * as assert from "uvu/assert";
import { batchMetric, batchMetrics, batchMetricsFor, checkBatchMetric } from "../../src/task/batch-metrics";
import type { BatchMetricName } from "../../src/task/batch-metrics";
import { metricObjective } from "../../src/task/metric-objective";
import { rejectsWith, throwsWith } from "../support/throws";

const test = suite("task/batch-metrics");
const all = Object.keys(batchMetrics) as BatchMetricName[];

test("the worked batch: three of four right, and F1 of class 1 is 2 * 1 / (2 * 1 + 1)", () => {
  const chosen = { predictions: [1, 0, 0, 0], right: [[1], [0], [1], [0]], classes: 2 };
  assert.is(batchMetric("accuracy", chosen), 3 / 4);
  assert.is(batchMetric("f1", chosen), 2 / 3);
  assert.is(batchMetric("macro f1", chosen), (2 / 3 + 4 / 5) / 2);
  // (c n - sum p t) / sqrt((n^2 - sum p^2)(n^2 - sum t^2)) = (12 - (3 * 2 + 1 * 2)) / sqrt((16 - 10)(16 - 8))
  assert.is(batchMetric("matthews", chosen), 4 / Math.sqrt(48));
});

test("any of several right options counts", () => {
  assert.is(batchMetric("accuracy", { predictions: [2, 0], right: [[0, 2], [1]], classes: null }), 1 / 2);
});

test("one text, one class alone and 0 / 0 are 0, never NaN", () => {
  for (const name of all)
    for (const [prediction, label] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ] as const) {
      const value = batchMetric(name, { predictions: [prediction], right: [[label]], classes: 2 });
      assert.ok(value >= 0 && value <= 1, `${name} of ${prediction} for ${label}: ${value}`);
    }
  assert.is(batchMetric("matthews", { predictions: [1, 1], right: [[1], [1]], classes: 2 }), 0);
  assert.is(batchMetric("f1", { predictions: [0, 0], right: [[0], [0]], classes: 2 }), 0);
});

test("scores that are no numbers give no number", () => {
  for (const name of all) assert.ok(Number.isNaN(batchMetric(name, { predictions: [1, -1], right: [[1], [0]], classes: 2 })), name); // prettier-ignore
});

test("each task has the metrics that mean something for it", () => {
  assert.equal(batchMetricsFor(2), all);
  assert.equal(batchMetricsFor(6), ["accuracy", "macro f1", "matthews"]);
  assert.equal(batchMetricsFor(null), ["accuracy"]);
  throwsWith(
    () => checkBatchMetric("trec", "f1", 6),
    'objective of trec: expected "loss" or a metric, accuracy, macro f1, matthews',
  );
  throwsWith(() => checkBatchMetric("sst2", "acuracy", 2), "accuracy");
});

test("an objective is minus the metric, text by text where it is a mean, and has no derivative", async () => {
  const chosen = { predictions: [1, 0], right: [[1], [1]], classes: 2 };
  const accuracy = metricObjective("accuracy", () => Promise.resolve([chosen, { ...chosen, predictions: [0, 0] }]));
  const points = [new Float32Array(1), new Float32Array(1)];
  assert.equal(await accuracy.losses(points, null), [-0.5, 0]);
  assert.equal(await accuracy.each!(points, null), [[-1, 0], [0, 0]]); // prettier-ignore
  const matthews = metricObjective("matthews", () => Promise.resolve([chosen]));
  assert.is(matthews.each, undefined);
  await rejectsWith(accuracy.derivatives(points[0]!, [], null), "the metric accuracy has no derivative");
});

test.run();

import type { Objective } from "../estimator/objective";
import { requireDerivatives } from "../estimator/without-derivatives";
import { batchMetric, batchMetrics } from "./batch-metrics";
import type { BatchMetric, BatchMetricName, Chosen } from "./batch-metrics";

/**
 * Makes a metric of choices an objective to minimise: minus its value, a pure function of what was chosen at each point. Where it is a mean over
 * examples, each text has a number of its own.
 * @param chosenAt gives what is chosen on a batch at each point
 * @param base weights that points are changes of, where there are some
 */
export function metricObjective<Batch>(
  metric: BatchMetricName,
  chosenAt: (points: readonly Float32Array[], batch: Batch) => Promise<readonly Chosen[]>,
  base?: Objective<Batch>["base"],
): Objective<Batch> {
  const { mean = false } = batchMetrics[metric] as BatchMetric;
  const minus = (chosen: Chosen): number => 0 - batchMetric(metric, chosen);
  return {
    without: `the metric ${metric}`,
    losses: async (points, batch) => (await chosenAt(points, batch)).map(minus),
    ...(mean && {
      each: async (points: readonly Float32Array[], batch: Batch) =>
        (await chosenAt(points, batch)).map((chosen) =>
          chosen.predictions.map((prediction, i) =>
            minus({ ...chosen, predictions: [prediction], right: [chosen.right[i]] }),
          ),
        ),
    }),
    derivatives: async () => {
      requireDerivatives("derivatives", { without: `the metric ${metric}` });
      return { loss: NaN, derivatives: [] };
    },
    ...(base && { base }),
  };
}

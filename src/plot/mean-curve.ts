import { spread } from "../table/statistics";
import { valueAt } from "./curve";
import type { Point } from "./curve";

/** "range": from the lowest to the highest seed; "standard deviation": one of them to either side of the mean. */
export type Band = "range" | "standard deviation";

/** Mean and band over seeds at one place; `seeds` counts those still running there. */
export interface MeanPoint {
  readonly x: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly seeds: number;
}

/**
 * Gives the mean and band at every x where some seed was evaluated; a seed counts from its first to its last evaluation, in between by linear interpolation.
 * For example `meanCurve([[{ x: 0, y: 1 }, { x: 2, y: 3 }], [{ x: 0, y: 3 }]], "range")`.
 * // [{ x: 0, mean: 2, low: 1, high: 3, seeds: 2 }, { x: 2, mean: 3, low: 3, high: 3, seeds: 1 }]
 */
export function meanCurve(curves: readonly (readonly Point[])[], band: Band): readonly MeanPoint[] {
  const places = [...new Set(curves.flat().map((point) => point.x))].sort((a, b) => a - b);
  return places.map((x) => {
    const values = curves.map((curve) => valueAt(curve, x)).filter((y): y is number => y !== null);
    const { mean, standardDeviation, count } = spread(values);
    const half = standardDeviation ?? 0;
    return band === "range"
      ? { x, mean, low: Math.min(...values), high: Math.max(...values), seeds: count }
      : { x, mean, low: mean - half, high: mean + half, seeds: count };
  });
}

/** The part of a mean over which all seeds run, and what the seeds that go on do after its end, each by itself. */
export interface SplitMean {
  readonly together: readonly MeanPoint[];
  readonly alone: readonly (readonly Point[])[];
}

/**
 * Splits where the first seed ends. A mean over survivors would jump each time a diverged seed leaves it, and flatter the arm; so from there on
 * every seed that goes on is a curve of its own, from the end of the common part (interpolated there). Seeds without points do not count.
 */
export function splitMean(curves: readonly (readonly Point[])[], band: Band): SplitMean {
  const started = curves.filter((curve) => curve.length > 0);
  if (started.length === 0) return { together: [], alone: [] };
  const end = Math.min(...started.map((curve) => curve.at(-1)!.x));
  const together = meanCurve(started, band).filter((point) => point.x <= end && point.seeds === started.length);
  const alone = started
    .map((curve) => {
      const rest = curve.filter((point) => point.x > end);
      const joint = valueAt(curve, end);
      return rest.length === 0 || joint === null ? rest : [{ x: end, y: joint }, ...rest];
    })
    .filter((rest) => rest.length > 0);
  return { together, alone };
}

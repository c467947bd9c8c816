import { fail } from "../check/check";
import type { AfterScores } from "../experiment/run-after";
import type { ExperimentRecord } from "../experiment/record";

/** What an arm came to on one task at one share of its change: the mean over seeds. */
export interface AfterMean {
  readonly share: number;
  readonly task: string;
  /** Mean share of right answers, and how far it is from one seed to another (sample standard deviation; 0 of one seed). */
  readonly accuracy: number;
  readonly deviation: number;
  readonly seeds: number;
}

/** An arm's curve along the share of its change, at one learning rate. */
export interface AfterCurve {
  readonly arm: string;
  readonly learningRate: number;
  /** Mean over seeds of the lowest dev loss, by which a rate is chosen. */
  readonly devLoss: number;
  readonly points: readonly AfterMean[];
}

/**
 * Gives the curves of runs that were scored at shares of their change, one for each arm, at the rate whose mean lowest dev loss is lowest: rates are
 * chosen on dev in domain, and nothing is chosen on the other tasks.
 * For example `afterCurves(records)[0].points.filter(({ task }) => task === "sst5-two")`.
 * @throws when runs of one arm and rate were scored at other shares or on other tasks
 */
export function afterCurves(records: readonly ExperimentRecord[]): readonly AfterCurve[] {
  const measured = records.flatMap((record) => {
    const after = (record.extra as { readonly after?: AfterScores } | null)?.after;
    return after === undefined ? [] : [{ record, after }];
  });
  const groups = new Map<string, typeof measured>();
  for (const each of measured) {
    const key = JSON.stringify([each.record.arm, each.record.learningRate]);
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  const curves = [...groups.values()].map((group): AfterCurve => {
    const [{ record, after }] = group as [(typeof group)[number], ...typeof group];
    const lowest = group.map(({ record: { history } }) =>
      Math.min(...history.evaluations.map(({ loss }) => (loss === null ? Infinity : loss))),
    );
    const points = after.shares.flatMap(({ share, scores }, i) =>
      scores.map(({ task }, k): AfterMean => {
        const all = group.map(({ after: { shares } }) => {
          const [at, found] = [shares[i], shares[i]?.scores[k]];
          return at?.share === share && found?.task === task
            ? found.accuracy
            : fail(`records of ${record.arm}`, `each scored at share ${share} on ${task}`, shares);
        });
        return { share, task, ...meanOf(all), seeds: all.length };
      }),
    );
    return { arm: record.arm, learningRate: record.learningRate, devLoss: mean(lowest), points };
  });
  const best = new Map<string, AfterCurve>();
  for (const curve of curves) {
    const known = best.get(curve.arm);
    if (known === undefined || curve.devLoss < known.devLoss) best.set(curve.arm, curve);
  }
  return [...best.values()];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function meanOf(values: readonly number[]): Pick<AfterMean, "accuracy" | "deviation"> {
  const accuracy = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - accuracy) ** 2, 0);
  return { accuracy, deviation: values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1)) };
}

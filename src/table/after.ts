import { fail } from "../check/check";
import { grouped } from "../check/grouped";
import type { AfterScores } from "../experiment/run-after";
import type { ExperimentRecord } from "../experiment/record";
import { mean } from "../tree/mean";
import { oneRunASeed } from "./record";
import { spread } from "./statistics";

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
 * Gives the curves of runs that were scored at shares of their change, one for each arm, at the rate whose mean lowest dev loss is lowest, of those
 * with most seeds: rates are chosen on dev in domain, and nothing is chosen on the other tasks.
 * For example `afterCurves(records)[0].points.filter(({ task }) => task === "sst5-two")`.
 * @throws when runs of one arm and rate were scored at other shares or on other tasks, or two of them have one seed
 */
export function afterCurves(records: readonly ExperimentRecord[]): readonly AfterCurve[] {
  const measured = records.flatMap((record) => {
    const after = (record.extra as { readonly after?: AfterScores } | null)?.after;
    return after === undefined ? [] : [{ record, after }];
  });
  oneRunASeed(measured.map(({ record }) => record));
  const groups = grouped(measured, ({ record }) => JSON.stringify([record.arm, record.learningRate]));
  const curves = groups.map((group): AfterCurve => {
    const [{ record, after }] = group;
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
        const { mean: accuracy, standardDeviation } = spread(all);
        return { share, task, accuracy, deviation: standardDeviation ?? 0, seeds: all.length };
      }),
    );
    return { arm: record.arm, learningRate: record.learningRate, devLoss: mean(lowest), points };
  });
  const best = new Map<string, AfterCurve>();
  for (const curve of curves) {
    const known = best.get(curve.arm);
    const more = known === undefined ? 1 : seedsOf(curve) - seedsOf(known);
    if (more > 0 || (more === 0 && curve.devLoss < known!.devLoss)) best.set(curve.arm, curve);
  }
  return [...best.values()];
}

const seedsOf = ({ points }: AfterCurve): number => points[0]?.seeds ?? 0;

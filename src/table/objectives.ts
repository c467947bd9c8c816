import { grouped } from "../check/grouped";
import type { ExperimentRecord } from "../experiment/record";
import type { PlannedRun } from "../experiment/plan";
import type { KeptEvaluation } from "../experiment/history";
import type { StudyExtra } from "../experiment/study-run";
import type { WrittenScores } from "../experiment/written";
import { mean } from "../tree/mean";
import type { PlannedRecord } from "./paper-cells";
import { pairedValues, spread, tInterval95 } from "./statistics";
import type { Interval } from "./statistics";

/** One run at the evaluation that it was chosen by. */
export interface ObjectiveRun {
  readonly seed: number;
  readonly start: KeptEvaluation;
  readonly best: KeptEvaluation;
  readonly evaluations: readonly KeptEvaluation[];
  /** On test, by name: accuracy, loss, and the metrics that were asked for; nothing of a run that is judged by its answers. */
  readonly test: Readonly<Record<string, number>>;
  /** Of a run that is judged by its answers. */
  readonly written: WrittenScores | null;
  /** Share of its steps in which no losses differed, so that nothing moved. */
  readonly level: number;
}

/** An arm that was trained for one objective, at the better of its rates. */
export interface ObjectiveArm {
  /** The part of the experiment, which says what it was trained for. */
  readonly part: string;
  /** As it is recorded. */
  readonly arm: string;
  readonly learningRate: number;
  readonly perturbationScale: number;
  /** In the order of their seeds; runs without a finite loss are left out. */
  readonly runs: readonly ObjectiveRun[];
}

/**
 * Gives the recorded arms of an experiment that trains for several objectives, each at the rate at which the mean over seeds of what it was trained for is
 * best on dev: the lowest loss, or the largest metric or reward. Test plays no part. Only rates with the most seeds are chosen among.
 * For example `objectiveArms(records.planned).map(({ part }) => part)`.
 */
export function objectiveArms(planned: readonly PlannedRecord[]): readonly ObjectiveArm[] {
  return grouped(planned, ({ cell }) => JSON.stringify([cell.task, cell.settings.arm.name])).flatMap((group) => {
    const { cell } = group[0];
    const rates = grouped(group.flatMap(({ record }) => record ?? []), (record) => String(record.learningRate)); // prettier-ignore
    const candidates = rates.map((records) => ({ records, runs: records.flatMap((record) => runOf(record) ?? []) }));
    const most = Math.max(0, ...candidates.map(({ runs }) => runs.length));
    const [chosen] = candidates
      .filter(({ runs }) => runs.length === most && most > 0)
      .sort((a, b) => worth(b.runs) - worth(a.runs));
    if (chosen === undefined) return [];
    const { learningRate, settings } = chosen.records[0];
    const runs = [...chosen.runs].sort((a, b) => a.seed - b.seed);
    return [{ part: cell.task ?? "", arm: settings.arm.name, learningRate, perturbationScale: epsilonOf(settings), runs }]; // prettier-ignore
  });
}

/** What a rate is chosen by: larger is better. */
function worth(runs: readonly ObjectiveRun[]): number {
  return mean(runs.map(({ best }) => best.objective ?? -(best.loss ?? Infinity)));
}

function runOf({ seed, history, extra }: ExperimentRecord): ObjectiveRun | null {
  const { bestStep, test, written = null } = extra as Pick<StudyExtra, "bestStep" | "test" | "written">;
  const { evaluations, steps } = history;
  const [start, best] = [evaluations[0], evaluations.find(({ step }) => step === bestStep)];
  if (start === undefined || best === undefined) return null;
  const scores = test === null ? {} : { accuracy: test.accuracy, loss: test.loss, ...test.metrics };
  const still = steps.rmsProjectedGradient.filter((value) => value === 0).length;
  return { seed, start, best, evaluations, test: scores, written, level: still / Math.max(1, steps.step.length) };
}

function epsilonOf({ arm }: PlannedRun): number {
  if (!("method" in arm)) return NaN;
  const { probe, rounds } = arm.method;
  const part: object = probe ?? rounds ?? {};
  return "perturbationScale" in part && typeof part.perturbationScale === "number" ? part.perturbationScale : NaN;
}

/** A mean difference over the seeds that two arms have, or over one arm's own. */
export interface MeanDifference {
  readonly mean: number;
  /** Student's, 95 %; null of one seed. */
  readonly interval: Interval | null;
  readonly seeds: number;
}

/**
 * Gives how much more one arm has of something than another, seed by seed; null where they share no seed.
 * For example `pairedMore(accuracy, loss, ({ test }) => test.accuracy)?.mean`: positive where training for accuracy brought more of it.
 */
export function pairedMore(
  one: ObjectiveArm,
  other: ObjectiveArm,
  of: (run: ObjectiveRun) => number | null | undefined,
): MeanDifference | null {
  const values = ({ runs }: ObjectiveArm): ReadonlyMap<number, number> => {
    const known = runs.flatMap((run) => {
      const value = of(run);
      return typeof value === "number" ? [[run.seed, value] as const] : [];
    });
    return new Map(known);
  };
  return differenceOf(pairedValues(values(one), values(other)));
}

/** Gives the mean of numbers that are one for each seed, with its interval; null where there is none. */
export function differenceOf(values: readonly number[]): MeanDifference | null {
  if (values.length === 0) return null;
  const interval = values.length < 2 ? null : tInterval95(values);
  return { mean: spread(values).mean, interval, seeds: values.length };
}

/** The mean reward of a run's answers to held-out prompts; null where an answer had none. */
export function meanReward(rewards: WrittenScores["before"]): number | null {
  return rewards.length === 0 || rewards.includes(null) ? null : mean(rewards as readonly number[]);
}

/** A named line of points, as figures of lines take it. */
export interface EvaluationLine {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/**
 * Gives a line for each arm: the mean over its seeds of a number of its evaluations, against the forward passes that were spent.
 * @param titleOf what an arm is called
 * @param of the number; evaluations where a seed has none are left out
 */
export function evaluationLines(
  arms: readonly ObjectiveArm[],
  titleOf: (arm: ObjectiveArm) => string,
  of: (evaluation: KeptEvaluation) => number | null | undefined,
): readonly EvaluationLine[] {
  return arms.map((arm) => ({
    name: titleOf(arm),
    points: (arm.runs[0]?.evaluations ?? []).flatMap(({ step, forwardPasses }) => {
      const values = arm.runs.flatMap((run) => {
        const found = run.evaluations.find((each) => each.step === step);
        return found === undefined ? [] : (of(found) ?? []);
      });
      return values.length === arm.runs.length ? [{ x: forwardPasses, y: mean(values) }] : [];
    }),
  }));
}

import { grouped } from "../check/grouped";
import { bestOf } from "../train/best";
import { mean } from "../tree/mean";
import { rowOf } from "./arms";
import type { ArmId } from "./arms";
import { studies } from "./divergence";
import type { StudyName } from "./divergence";
import { isDecay } from "../optimizer/transforms";
import { isStill } from "./plan";
import type { PlannedRun, StudyArm } from "./plan";
import type { ExperimentRecord } from "./record";
import { STARTS } from "./search-grid";
import type { Start } from "./search-grid";

/** What an arm of the search came to from one start, at the best of its rates. */
export interface Searched {
  readonly study: StudyName;
  readonly arm: ArmId;
  readonly start: Start;
  /** null of an arm without steps. */
  readonly learningRate: number | null;
  /** The best rate is the lowest or the highest of those tried: a better one may lie beyond. */
  readonly atEdge: boolean;
  /** The lowest dev loss of each seed's run, in nats. */
  readonly losses: ReadonlyMap<number, number>;
  readonly mean: number;
  /** Trained numbers. */
  readonly numbers: number;
  /** What it has beyond one query of two losses at a constant rate from the model's own start (`partsOf`). */
  readonly parts: number;
}

/**
 * Gives what every arm of the search came to: of its rates the one with the lowest mean over the seeds of the lowest dev loss of a run, the earlier
 * one of equals. Arms with fewer runs than the fullest of their model are left out: a mean over fewer seeds, or the best of fewer rates, is another
 * measure.
 * For example `searchedArms(records)[0].learningRate`: 0.003.
 */
export function searchedArms(records: readonly ExperimentRecord<PlannedRun>[]): readonly Searched[] {
  return (Object.keys(studies) as StudyName[]).flatMap((study) => {
    const { model, task } = studies[study];
    const own = records.filter(({ settings }) => settings.model === model && settings.task === task);
    const arms = grouped(own, ({ settings }) => JSON.stringify([settings.arm.name, startOf(settings)]));
    const most = (still: boolean): number =>
      Math.max(0, ...arms.filter(([{ settings }]) => isStill(settings.arm) === still).map(({ length }) => length));
    return arms
      .filter((runs) => runs.length === most(isStill(runs[0].settings.arm)))
      .flatMap((runs) => searchedArm(study, runs) ?? []);
  });
}

function searchedArm(study: StudyName, runs: readonly ExperimentRecord<PlannedRun>[]): Searched | null {
  const rates = grouped(runs, ({ learningRate }) => String(learningRate)).map((group) => {
    const losses = new Map(group.map(({ seed, history }) => [seed, bestOf(history.evaluations)?.loss ?? Infinity]));
    return { group, losses, mean: mean([...losses.values()]) };
  });
  const best = rates.reduce((low, next) => (next.mean < low.mean ? next : low));
  const [{ settings, learningRate, parameters }] = best.group;
  const row = rowOf(settings.arm.name);
  if (row === null || !Number.isFinite(best.mean)) return null;
  const tried = runs.map((run) => run.learningRate);
  const still = isStill(settings.arm);
  const start = startOf(settings);
  return {
    ...{ study, arm: row.id as ArmId, start },
    learningRate: still ? null : learningRate,
    atEdge: !still && (learningRate === Math.min(...tried) || learningRate === Math.max(...tried)),
    ...{ losses: best.losses, mean: best.mean, numbers: parameters },
    parts: partsOf(settings.arm, start),
  };
}

/** Gives what a run starts from. For example `startOf({ ...settings, problem: { readout: "probe", ... } })`: "probe". */
export function startOf({ problem: { readout } }: Pick<PlannedRun, "problem">): Start {
  return STARTS.find((start) => start === readout) ?? "own";
}

/**
 * Counts what an arm has beyond one query of two losses whose mean makes the step at a constant rate, from the model's own start: a fitted start, more
 * queries, another combination, a schedule of the rate, and each transform but weight decay.
 * @example partsOf({ name: "zero-shot", kind: "zero-shot" }, "own") // 0
 */
export function partsOf(arm: StudyArm, start: Start): number {
  const fitted = start === "own" ? 0 : 1;
  if (isStill(arm)) return fitted;
  const { queries, combine, learningRate, transforms } = arm.method;
  const parts = [
    queries.kind !== "constant" || queries.value > 1,
    combine.kind !== "mean",
    learningRate.kind !== "constant",
    ...transforms.map(({ kind }) => !isDecay(kind)),
  ];
  return fitted + parts.filter(Boolean).length;
}

import type { ColumnTable } from "arquero";
import { fail, positiveNumber } from "../check/check";
import { grouped } from "../check/grouped";
import { armTitle, isArm, titleOf } from "../experiment/arms";
import type { TableOptions } from "./cell";
import { formatNumber, formatRate } from "./number";
import { groupRuns, oneRunASeed, someRuns } from "./record";
import type { RunGroup, RunRecord } from "./record";
import { tableOf } from "./rows";
import { pairedValues, spread, tInterval95 } from "./statistics";
import type { Interval, Spread } from "./statistics";

/** What the methods of a comparison have spent alike. Time is passes times what a pass of the method takes, by its arm's name. */
export type Spent =
  | { readonly kind: "steps"; readonly most: number }
  | { readonly kind: "passes"; readonly most: number }
  | { readonly kind: "seconds"; readonly most: number; readonly secondsPerPass: ReadonlyMap<string, number> };

/** One method of a comparison, at the learning rate that is best for it within what was spent. */
export interface RankedMethod {
  readonly arm: string;
  readonly learningRate: number;
  /** Dev loss of each seed's best evaluation, in nats. */
  readonly losses: ReadonlyMap<number, number>;
  readonly loss: Spread;
  /** Share of right dev answers there. */
  readonly accuracy: Spread | null;
  /** Seeds whose run had diverged by its end. */
  readonly diverged: number;
  /** Loss less that of another method, paired by seed; null: fewer than two seeds in common, or that method itself. */
  readonly toLowest: PairedDifference | null;
  readonly toReference: PairedDifference | null;
}

export interface PairedDifference {
  readonly mean: number;
  readonly interval: Interval;
  /** The interval holds 0: the two cannot be told apart. */
  readonly together: boolean;
}

/**
 * Ranks methods by the mean over seeds of the lowest dev loss within what all have spent: each at the rate that is best for it there, of those
 * with most seeds. Methods that have no run, or whose time is not known, are left out.
 * @param reference the arm to compare with, by its id or its name in records
 * @throws when there are no runs, a seed has two of one arm at one rate, or what was spent is no positive number
 * For example `rankMethods(runs, { kind: "passes", most: 480 }, "mezo-lora")[0].arm`: "lozo".
 */
export function rankMethods(runs: readonly RunRecord[], spent: Spent, reference: string): readonly RankedMethod[] {
  someRuns(runs);
  oneRunASeed(runs);
  positiveNumber(`spent.most (${spent.kind})`, spent.most);
  const best = grouped(groupRuns(runs), ({ arm }) => arm).flatMap((groups) => {
    const candidates = groups.flatMap((group) => rankedAt(group, spent) ?? []);
    const seeds = Math.max(...candidates.map(({ losses }) => losses.size));
    return candidates
      .filter(({ losses }) => losses.size === seeds)
      .sort((a, b) => a.loss.mean - b.loss.mean)
      .slice(0, 1);
  });
  const ranked = best.sort((a, b) => a.loss.mean - b.loss.mean);
  const other = ranked.find(({ arm }) => isArm(arm, reference));
  return ranked.map((method) => ({
    ...method,
    toLowest: differenceTo(method, ranked[0]),
    toReference: differenceTo(method, other),
  }));
}

/**
 * Gives the seeds that every arm has at each of its rates: a comparison of means over other seeds would compare draws of the data, too.
 * For example `sharedSeeds(runs)` where the runs of seed 1 are half done: [0].
 * @throws when there are no runs
 */
export function sharedSeeds(runs: readonly RunRecord[]): readonly number[] {
  const groups = groupRuns(runs).map((group) => new Set(group.runs.map(({ seed }) => seed)));
  return [...new Set(runs.map(({ seed }) => seed))].filter((seed) => groups.every((own) => own.has(seed))).sort((a, b) => a - b); // prettier-ignore
}

function rankedAt({ arm, learningRate, runs }: RunGroup, spent: Spent): RankedMethod | null {
  const best = runs.flatMap((run) => {
    const within = lowestWithin(run, spent);
    return within === null ? [] : [{ seed: run.seed, ...within }];
  });
  if (best.length === 0 || best.length < runs.length) return null;
  const accuracies = best.flatMap(({ accuracy }) => accuracy ?? []);
  return {
    arm,
    learningRate,
    losses: new Map(best.map(({ seed, loss }) => [seed, loss])),
    loss: spread(best.map(({ loss }) => loss)),
    accuracy: accuracies.length < best.length ? null : spread(accuracies),
    diverged: runs.filter(({ diverged }) => diverged !== null).length,
    toLowest: null,
    toReference: null,
  };
}

/** The best evaluation that a run came to within what was spent; its start is one, so that a run that only grew worse counts with that. */
function lowestWithin(
  run: RunRecord,
  spent: Spent,
): { readonly loss: number; readonly accuracy: number | null } | null {
  const second = spent.kind === "seconds" ? spent.secondsPerPass.get(run.arm) : 0;
  if (second === undefined) return null;
  const within = run.evaluations.flatMap(({ step, forwardPasses, loss, accuracy }) => {
    const used = { steps: step, passes: forwardPasses, seconds: forwardPasses * second }[spent.kind];
    return used > spent.most || loss === null || !Number.isFinite(loss) ? [] : [{ loss, accuracy: accuracy ?? null }];
  });
  return within.length === 0 ? null : within.reduce((low, next) => (next.loss < low.loss ? next : low));
}

function differenceTo(method: RankedMethod, other: RankedMethod | undefined): PairedDifference | null {
  if (other === undefined || other.arm === method.arm) return null;
  return pairedDifference(method.losses, other.losses);
}

/**
 * Gives the mean of one method's number less another's at the same seed, with its 95 % interval by Student's t; null of fewer than two seeds in common.
 * @example pairedDifference(new Map([[0, 1], [1, 2]]), new Map([[0, 2], [1, 4]])).mean // -1.5
 */
export function pairedDifference(
  own: ReadonlyMap<number, number>,
  others: ReadonlyMap<number, number>,
): PairedDifference | null {
  const differences = pairedValues(own, others);
  if (differences.length < 2) return null;
  const interval = tInterval95(differences);
  return { mean: spread(differences).mean, interval, together: interval.low <= 0 && interval.high >= 0 };
}

/**
 * Lists a ranking: place, method, rate, lowest dev loss, and how far it is from the lowest of all and from the reference, with 95 % intervals of the
 * paired differences.
 * For example `rankingTable(ranked, "mezo-lora").table.columnNames()[1]`: "method".
 */
export function rankingTable(
  ranked: readonly RankedMethod[],
  reference: string,
): { readonly table: ColumnTable; readonly options: TableOptions } {
  if (ranked.length === 0) fail("ranked", "at least one method", ranked);
  const against = `against ${titleOf(reference)}`;
  const rows = ranked.map(({ arm, learningRate, loss, accuracy, diverged, losses, toLowest, toReference }, i) => ({
    place: i + 1,
    method: armTitle(arm),
    "learning rate": formatRate(learningRate),
    "lowest dev loss": loss,
    "dev accuracy there": accuracy,
    diverged: `${diverged}/${losses.size}`,
    "above the lowest": toLowest === null ? "" : pairedInWords(toLowest),
    [against]: toReference === null ? "" : pairedInWords(toReference),
  }));
  return {
    table: tableOf(rows),
    options: { best: { "lowest dev loss": "lowest" }, digits: { "lowest dev loss": 3, "dev accuracy there": 2 } },
  };
}

/** Writes a paired difference: "+0.12 (0.03 to 0.21)"; a trailing "=" says that the two cannot be told apart. */
export function pairedInWords({ mean, interval: { low, high }, together }: PairedDifference): string {
  const signed = `${mean < 0 ? "" : "+"}${formatNumber(mean, 3)}`;
  return `${signed} (${formatNumber(low, 3)} to ${formatNumber(high, 3)})${together ? " =" : ""}`;
}

/** Forward passes of two methods to the same dev loss at one seed. */
export interface SeedPasses {
  readonly seed: number;
  /** The reference's lowest dev loss there. */
  readonly loss: number;
  /** Those of the reference to it. */
  readonly reference: number;
  /** Those of the method to it; Infinity where it never was there. */
  readonly passes: number;
}

type AtRate = Pick<RankedMethod, "arm" | "learningRate">;

/**
 * Gives, for each seed that both have, the forward passes after which a method's run was first at or below the lowest dev loss of a reference's, and
 * the reference's own to it; each at its rate, at evaluations.
 * For example `passesToLowest(runs, ranked[0], ranked[4]).map(({ passes, reference }) => passes / reference)`: [0.25, 0.5, Infinity].
 * @throws when one of the two has no run at its rate, or two of one seed
 */
export function passesToLowest(runs: readonly RunRecord[], method: AtRate, reference: AtRate): readonly SeedPasses[] {
  const at = ({ arm, learningRate }: AtRate): readonly RunRecord[] => {
    const own = runs.filter((run) => isArm(run.arm, arm) && run.learningRate === learningRate);
    someRuns(own);
    oneRunASeed(own);
    return own;
  };
  const first = ({ evaluations }: RunRecord, loss: number): number =>
    evaluations.find((each) => each.loss !== null && each.loss <= loss)?.forwardPasses ?? Infinity;
  const [ours, theirs] = [at(method), at(reference)];
  return theirs.flatMap((run) => {
    const other = ours.find(({ seed }) => seed === run.seed);
    const loss = Math.min(...run.evaluations.flatMap((each) => (Number.isFinite(each.loss) ? [each.loss!] : [])));
    if (other === undefined || loss === Infinity) return [];
    return [{ seed: run.seed, loss, reference: first(run, loss), passes: first(other, loss) }];
  });
}

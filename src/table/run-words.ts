import { armTitle, isArm } from "../experiment/arms";
import { formatNumber, formatRate } from "./number";
import { bestEvaluation, forwardPassesOf, groupRuns } from "./record";
import type { RunGroup, RunRecord } from "./record";
import { spread } from "./statistics";

/**
 * What a reading says of runs at one learning rate: parts of sentences with their numbers, losses in nats and means over the seeds. Arms are
 * asked for by their ids or their names in records, and called by their titles.
 */
export interface RunWords {
  /** In how many seeds which arm diverged. For example `"MeZO-LoRA in 3 of 3 seeds; in none: AdaZeta; random mask"`. */
  diverged(...arms: readonly string[]): string;
  /** Arms by the lowest dev loss. For example `"AdaZeta 0.56; MeZO-LoRA 0.66"`. */
  lowest(...arms: readonly string[]): string;
  /** Arms by the dev loss after so many forward passes; those that spent fewer are left out. For example `"AdaZeta 0.59; MeZO-LoRA 2.87"`. */
  after(forwardPasses: number, ...arms: readonly string[]): string;
  /** An arm's dev loss, from before the first step to the lowest. For example `"1.62 to 1.44"`. */
  moved(arm: string): string;
  /** By how much each arm lowered its own dev loss at best. For example `"AdaZeta 0.264; MeZO-LoRA 0.165"`. */
  falls(...arms: readonly string[]): string;
}

/**
 * Computes what a notebook's reading says of runs, so that the sentence is true of whatever was recorded. What has no run is left out,
 * or "not measured" where nothing else is left.
 * For example `runWords(runs).diverged()`: "MeZO-LoRA in 5 of 5 seeds; in none: AdaZeta".
 * @param runs of one task, each arm at one learning rate
 */
export function runWords(runs: readonly RunRecord[]): RunWords {
  const groups = runs.length === 0 ? [] : groupRuns(runs);
  const chosen = (arms: readonly string[]): readonly RunGroup[] =>
    arms.length === 0 ? groups : arms.flatMap((name) => groups.filter(({ arm }) => isArm(arm, name)));
  const ordered = (arms: readonly string[], measure: (run: RunRecord) => number | null, digits: number, down = false) =>
    inOrder(
      chosen(arms).flatMap(({ arm, runs: own }) => {
        const mean = meanOf(own, measure);
        return mean === null ? [] : [{ arm, value: mean, seeds: own.length }];
      }),
      digits,
      down,
    );
  return {
    diverged: (...arms) => divergedIn(chosen(arms)),
    lowest: (...arms) => ordered(arms, lowestOf, 2),
    after: (forwardPasses, ...arms) => ordered(arms, (run) => lossAfter(run, forwardPasses), 2),
    moved: (arm) => movedIn(chosen([arm]).flatMap(({ runs: own }) => own)),
    falls: (...arms) => ordered(arms, fallOf, 3, true),
  };
}

/**
 * Up to which learning rate no seed of an arm diverges, and from which on every one does, among those that were run.
 * For example `borderOf(runs, "MeZO-LoRA")`: "MeZO-LoRA: no seed up to 1e-3, every seed from 3e-3 on".
 */
export function borderOf(runs: readonly RunRecord[], arm: string): string {
  const own = runs.filter((run) => isArm(run.arm, arm));
  const rates = [...new Set(own.map(({ learningRate }) => learningRate))].sort((a, b) => a - b);
  const all = (at: number, lost: boolean): boolean =>
    own.filter(({ learningRate }) => learningRate === at).every(({ diverged }) => (diverged !== null) === lost);
  const firstLost = rates.findIndex((rate) => !all(rate, false));
  const safe = rates[(firstLost < 0 ? rates.length : firstLost) - 1];
  const lastKept = Math.max(-1, ...rates.flatMap((rate, i) => (all(rate, true) ? [] : [i])));
  const lost = rates[lastKept + 1];
  const parts = [
    safe === undefined ? [] : [`no seed up to ${formatRate(safe)}`],
    lost === undefined ? [] : [`every seed from ${formatRate(lost)} on`],
  ].flat();
  return `${armTitle(own[0]?.arm ?? arm)}: ${rates.length === 0 ? NOT_MEASURED : parts.length === 0 ? "some seeds at every rate" : parts.join(", ")}`;
}

/**
 * Names with their numbers, the lowest first; where seeds differ in number, a single one is said.
 * @param down the highest first
 * @example inOrder([{ arm: "b", value: 2, seeds: 3 }, { arm: "a", value: 1, seeds: 1 }], 2) // "a 1.00 (1 seed); b 2.00"
 */
export function inOrder(
  values: readonly { readonly arm: string; readonly value: number; readonly seeds: number }[],
  digits: number,
  down: boolean = false,
): string {
  const most = Math.max(0, ...values.map(({ seeds }) => seeds));
  const sorted = [...values].sort((a, b) => (down ? b.value - a.value : a.value - b.value));
  const words = sorted.map(
    ({ arm, value, seeds }) =>
      `${armTitle(arm)} ${formatNumber(value, digits)}${seeds === 1 && most > 1 ? " (1 seed)" : ""}`,
  );
  return words.length === 0 ? NOT_MEASURED : words.join("; ");
}

const NOT_MEASURED = "not measured";

/** Writes the mean dev loss before the first step and the lowest one: "1.62 to 1.44". */
export function movedIn(runs: readonly RunRecord[]): string {
  const [first, lowest] = [firstOf, lowestOf].map((measure) => meanOf(runs, measure));
  return first === null || lowest === null ? NOT_MEASURED : [first, lowest].map((one) => inDigits(one, 2)).join(" to ");
}

/** Gives a number with so many decimals, or that there is none. */
export function inDigits(value: number | null, digits: number): string {
  return value === null ? NOT_MEASURED : formatNumber(value, digits);
}

/** By how much a run lowered its dev loss. For example `fallOf(run)`: 0.1: it was at 1.2 before the first step, and at 1.1 at best. */
export function fallOf(run: RunRecord): number | null {
  const [first, lowest] = [firstOf(run), lowestOf(run)];
  return first === null || lowest === null ? null : first - lowest;
}

function firstOf({ evaluations }: RunRecord): number | null {
  return evaluations[0]?.loss ?? null;
}

function lowestOf(run: RunRecord): number | null {
  return bestEvaluation(run)?.loss ?? null;
}

/** Gives the mean over runs; null where one of them has no such number. */
export function meanOf(runs: readonly RunRecord[], measure: (run: RunRecord) => number | null): number | null {
  const values = runs.flatMap((run) => measure(run) ?? []);
  return values.length < runs.length || values.length === 0 ? null : spread(values).mean;
}

/** The last dev loss within so many passes; null where the run spent markedly fewer. */
function lossAfter(run: RunRecord, forwardPasses: number): number | null {
  if (forwardPassesOf(run) < 0.95 * forwardPasses) return null;
  return run.evaluations.filter((one) => one.forwardPasses <= forwardPasses).at(-1)?.loss ?? null;
}

function divergedIn(groups: readonly RunGroup[]): string {
  const counted = groups.map(({ arm, runs }) => ({
    arm: armTitle(arm),
    lost: runs.filter(({ diverged }) => diverged !== null).length,
    seeds: runs.length,
  }));
  const [some, none] = [counted.filter(({ lost }) => lost > 0), counted.filter(({ lost }) => lost === 0)];
  const lost = [...some]
    .sort((a, b) => b.lost / b.seeds - a.lost / a.seeds)
    .map(({ arm, lost: count, seeds }) => `${arm} in ${count} of ${seeds} ${seeds === 1 ? "seed" : "seeds"}`);
  const kept = none.length === 0 ? [] : [`in none: ${none.map(({ arm }) => arm).join("; ")}`];
  return groups.length === 0 ? NOT_MEASURED : [...lost, ...kept].join("; ");
}

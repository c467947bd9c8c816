import { grouped } from "../check/grouped";
import { titleOf } from "../experiment/arms";
import type { ArmId } from "../experiment/arms";
import type { FrozenArm, FrozenChoice } from "../experiment/frozen-choice";
import { startOf } from "../experiment/searched";
import type { StudyExtra } from "../experiment/study-run";
import { bestOf } from "../train/best";
import { mean } from "../tree/mean";
import type { KeptEvaluation } from "../experiment/history";
import { formatNumber } from "./number";
import type { PlannedRecord } from "./paper-cells";
import type { ShownTable } from "./published/beside";
import { pairedDifference, pairedInWords } from "./ranking";
import type { PairedDifference } from "./ranking";
import { tableOf } from "./rows";
import { spread } from "./statistics";
import type { Spread } from "./statistics";

/** One run on a held-out pair. */
interface HeldOutRun {
  /** The lowest dev loss, in nats. */
  readonly loss: number;
  /** The share of right answers on test of that checkpoint. */
  readonly test: number | null;
  readonly evaluations: readonly KeptEvaluation[];
}

/** An arm on a held-out pair of a model and a task. */
export interface HeldOutArm {
  readonly arm: ArmId;
  readonly role: FrozenArm["role"];
  readonly start: FrozenArm["start"];
  readonly learningRate: number | null;
  readonly planned: number;
  /** By seed. */
  readonly runs: ReadonlyMap<number, HeldOutRun>;
}

/** A held-out pair, the chosen arm first. */
export interface HeldOutPair {
  readonly model: string;
  readonly task: string;
  readonly arms: readonly HeldOutArm[];
}

/**
 * Gives what the arms of a frozen choice came to on each held-out pair, with as many seeds as have a record.
 * For example `heldOutPairs(records.planned, choice)[0].arms[0].role`: "chosen".
 */
export function heldOutPairs(planned: readonly PlannedRecord[], choice: FrozenChoice): readonly HeldOutPair[] {
  return grouped(planned, ({ cell: { settings } }) => `${settings.model} ${settings.task}`).map((pair) => {
    const { model, task } = pair[0].cell.settings;
    const arms = choice[model as keyof FrozenChoice].map(({ arm, role, start, learningRate }): HeldOutArm => {
      const own = pair.filter(({ cell }) => isOf(cell, { arm, start }) && cell.learningRate === (learningRate ?? 0));
      const runs = own.flatMap(({ cell: { seed }, record }) => {
        const run = record === null ? null : runOf(record);
        return run === null ? [] : [[seed, run] as const];
      });
      return { arm, role, start, learningRate, planned: own.length, runs: new Map(runs) };
    });
    return { model, task, arms: arms.filter((each) => each.planned > 0) };
  });
}

/** Says whether a run is an arm's from its start, at any rate. */
export function isOf(cell: PlannedRecord["cell"], { arm, start }: Pick<FrozenArm, "arm" | "start">): boolean {
  return cell.arm === arm && startOf(cell.settings) === start;
}

function runOf({ history, extra }: NonNullable<PlannedRecord["record"]>): HeldOutRun | null {
  const best = bestOf(history.evaluations);
  const test = (extra as Partial<StudyExtra> | null)?.test?.accuracy ?? null;
  return best === null ? null : { loss: best.loss, test, evaluations: history.evaluations };
}

/**
 * Gives the chosen arm's lowest dev loss less another's, or its test accuracy, paired by seed; null of fewer than two seeds in common.
 * For example `againstChosen(pair, pair.arms[1])?.mean`: -0.05.
 */
export function againstChosen(
  pair: HeldOutPair,
  other: HeldOutArm,
  of: "loss" | "test" = "loss",
): PairedDifference | null {
  const chosen = pair.arms.find(({ role }) => role === "chosen");
  if (chosen === undefined || chosen === other) return null;
  const values = (arm: HeldOutArm): ReadonlyMap<number, number> => {
    const known = [...arm.runs].flatMap(([seed, run]) => {
      const value = run[of];
      return value === null ? [] : [[seed, value] as const];
    });
    return new Map(known);
  };
  return pairedDifference(values(chosen), values(other));
}

/** What the goal asks of a pair; null where records are missing. */
export interface PairVerdict {
  readonly pair: HeldOutPair;
  /** The rival of lowest mean over the seeds that it shares with the chosen. */
  readonly rival: HeldOutArm | null;
  /** Seeds that the chosen and all rivals have. */
  readonly seeds: number;
  /** The chosen has the lowest mean dev loss among them. */
  readonly lowest: boolean | null;
  /** The chosen less that rival. */
  readonly difference: PairedDifference | null;
  /** It is below zero, and its interval holds no zero. */
  readonly clear: boolean | null;
  /** For each seed the chosen's passes to AdaZeta's final dev loss, over all that AdaZeta spent; Infinity: never there. */
  readonly toFinal: readonly number[];
  /** The chosen's mean dev loss is not above the linear probe's: asked of encoders, whose readout starts from one. */
  readonly holdsProbe: boolean | null;
}

/** Judges every pair by the goal. For example `verdicts(pairs).filter(({ lowest }) => lowest).length`: 6. */
export function verdicts(pairs: readonly HeldOutPair[]): readonly PairVerdict[] {
  return pairs.map((pair) => {
    const chosen = pair.arms.find(({ role }) => role === "chosen");
    const rivals = pair.arms.filter(({ role, runs }) => role === "rival" && runs.size > 0);
    const seeds = [...(chosen?.runs.keys() ?? [])].filter((seed) => rivals.every(({ runs }) => runs.has(seed)));
    const at = ({ runs }: HeldOutArm) => spread(seeds.map((seed) => runs.get(seed)!.loss)).mean;
    const known = chosen !== undefined && rivals.length > 0 && seeds.length > 0;
    const rival = known ? rivals.reduce((low, next) => (at(next) < at(low) ? next : low)) : null;
    const difference = rival === null ? null : againstChosen(pair, rival);
    const probe = pair.arms.find(({ arm }) => arm === "linear-probe");
    const adazeta = pair.arms.find(({ arm }) => arm === "adazeta-passes");
    const beside = seeds.filter((seed) => probe?.runs.has(seed));
    return {
      ...{ pair, rival, seeds: seeds.length, difference },
      lowest: rival === null ? null : at(chosen!) < at(rival),
      clear: difference === null ? null : difference.interval.high < 0,
      toFinal: chosen === undefined || adazeta === undefined ? [] : sharesToFinal(chosen, adazeta),
      holdsProbe:
        chosen === undefined || probe === undefined || beside.length === 0
          ? null
          : beside.reduce((sum, seed) => sum + chosen.runs.get(seed)!.loss - probe.runs.get(seed)!.loss, 0) <= 0,
    };
  });
}

function sharesToFinal(chosen: HeldOutArm, other: HeldOutArm): readonly number[] {
  return [...other.runs].flatMap(([seed, { evaluations }]) => {
    const own = chosen.runs.get(seed);
    const final = evaluations.at(-1);
    if (own === undefined || final === undefined || final.loss === null || final.forwardPasses === 0) return [];
    const there = own.evaluations.find(({ loss }) => loss !== null && loss <= final.loss!);
    return [(there?.forwardPasses ?? Infinity) / final.forwardPasses];
  });
}

/** Lists arms of these roles on every pair: lowest dev loss, the chosen's paired difference to each with its 95 % interval, and accuracy on test. @throws when there are none */
export function heldOutTable(pairs: readonly HeldOutPair[], roles: readonly FrozenArm["role"][]): ShownTable {
  const rows = pairs.flatMap((pair) =>
    pair.arms
      .filter(({ role }) => roles.includes(role))
      .map((each) => {
        const runs = [...each.runs.values()];
        const of = (name: "loss" | "test"): Spread | null => {
          const values = runs.flatMap((run) => run[name] ?? []);
          return values.length === 0 ? null : spread(values);
        };
        const paired = againstChosen(pair, each);
        return {
          pair: `${pair.model}, ${pair.task}`,
          arm: `${titleOf(each.arm)}${each.start === "own" ? "" : `, from ${each.start}`}`,
          role: each.role,
          runs: `${runs.length}/${each.planned}`,
          "lowest dev loss": of("loss"),
          "chosen less it": paired === null ? "" : pairedInWords(paired),
          "test accuracy": of("test"),
        };
      }),
  );
  const missing = { "lowest dev loss": "not measured yet", "test accuracy": "" };
  return { table: tableOf(rows), options: { digits: { "lowest dev loss": 3, "test accuracy": 2 }, missing } };
}

/** What taking one part of the chosen away came to, over the pairs that have both. */
export interface PartTold {
  readonly arm: ArmId;
  readonly start: FrozenArm["start"];
  readonly pairs: number;
  /** Pairs in which the chosen has the lower mean, and those in which the interval of the difference holds no zero besides. */
  readonly worse: number;
  readonly clear: number;
  /** Mean over the pairs of the chosen's lowest dev loss less that without the part. */
  readonly mean: number;
}

/** Tells what each ablated part does, over all pairs. For example `partsTold(pairs)[0].worse`: 4. */
export function partsTold(pairs: readonly HeldOutPair[]): readonly PartTold[] {
  const told = pairs.flatMap((pair) =>
    pair.arms.flatMap((each) => {
      const difference = each.role === "ablation" ? againstChosen(pair, each) : null;
      return difference === null ? [] : [{ ...each, difference }];
    }),
  );
  return grouped(told, ({ arm, start }) => `${arm} ${start}`).map((ofPart) => {
    const means = ofPart.map(({ difference }) => difference.mean);
    return {
      ...{ arm: ofPart[0].arm, start: ofPart[0].start, pairs: ofPart.length },
      worse: means.filter((each) => each < 0).length,
      clear: ofPart.filter(({ difference }) => difference.interval.high < 0).length,
      mean: mean(means),
    };
  });
}

/** Lists the verdicts, a pair each. @throws when there is no pair */
export function verdictTable(found: readonly PairVerdict[]): ShownTable {
  const said = (yes: boolean | null): string => (yes === null ? "?" : yes ? "yes" : "no");
  const rows = found.map(({ pair, rival, seeds, lowest, difference, clear, toFinal, holdsProbe }) => ({
    pair: `${pair.model}, ${pair.task}`,
    seeds,
    lowest: said(lowest),
    "best rival": rival === null ? "" : titleOf(rival.arm),
    "chosen less it": difference === null ? "" : pairedInWords(difference),
    "below zero": said(clear),
    "passes to AdaZeta's end": toFinal.map((share) => (share === Infinity ? "never" : share === 0 ? "0" : formatNumber(share, 2))).join("; "), // prettier-ignore
    "probe held": said(holdsProbe),
  }));
  return { table: tableOf(rows), options: {} };
}

import { grouped } from "../check/grouped";
import type { FrozenChoice } from "../experiment/frozen-choice";
import { bestOf } from "../train/best";
import { mean } from "../tree/mean";
import { isOf } from "./held-out";
import { formatNumber, formatRate } from "./number";
import type { PlannedRecord } from "./paper-cells";
import type { ShownTable } from "./published/beside";
import { tableOf } from "./rows";

/** How far the chosen arm's frozen rate is from the best one on a held-out pair. */
export interface RateDistance {
  readonly model: string;
  readonly task: string;
  readonly frozen: number;
  /** Seeds that every rate has. */
  readonly seeds: number;
  /** Means over them of the lowest dev loss of a run, in nats, by rate, the lowest rate first. */
  readonly losses: ReadonlyMap<number, number>;
  /** The rate whose mean is lowest; of equals the frozen one. */
  readonly best: number;
  /** The frozen rate's mean over the best one's, less one. */
  readonly lost: number;
}

/**
 * Gives for each held-out pair how far the frozen rate of the chosen arm is from the best of the rates that it was run with there. Pairs with one rate, or
 * without a seed that all have, are left out.
 * For example `rateDistances(records.planned, choice)[0].lost`: 0.02.
 */
export function rateDistances(planned: readonly PlannedRecord[], choice: FrozenChoice): readonly RateDistance[] {
  return grouped(planned, ({ cell: { settings } }) => `${settings.model} ${settings.task}`).flatMap((pair) => {
    const { model, task } = pair[0].cell.settings;
    const chosen = choice[model as keyof FrozenChoice].find(({ role }) => role === "chosen")!;
    const frozen = chosen.learningRate;
    const runs = pair.flatMap(({ cell, record }) => {
      const loss = record === null || !isOf(cell, chosen) ? null : (bestOf(record.history.evaluations)?.loss ?? null);
      return loss === null ? [] : [{ rate: cell.learningRate, seed: cell.seed, loss }];
    });
    const rates = [...new Set(runs.map(({ rate }) => rate))].sort((a, b) => a - b);
    const of = (rate: number) => new Map(runs.flatMap((run) => (run.rate === rate ? [[run.seed, run.loss]] : [])));
    const byRate = new Map(rates.map((rate) => [rate, of(rate)]));
    if (frozen === null || rates.length < 2 || !byRate.has(frozen)) return [];
    const seeds = [...byRate.get(frozen)!.keys()].filter((seed) => rates.every((rate) => byRate.get(rate)!.has(seed)));
    if (seeds.length === 0) return [];
    const losses = new Map(rates.map((rate) => [rate, mean(seeds.map((seed) => byRate.get(rate)!.get(seed)!))]));
    const best = rates.reduce((low, next) => (losses.get(next)! < losses.get(low)! ? next : low), frozen);
    return [{ model, task, frozen, seeds: seeds.length, losses, best, lost: best === frozen ? 0 : losses.get(frozen)! / losses.get(best)! - 1 }]; // prettier-ignore
  });
}

/** Lists how far frozen rates are from the best ones, a pair each. @throws when there is no pair */
export function rateDistanceTable(distances: readonly RateDistance[]): ShownTable {
  const rows = distances.map(({ model, task, frozen, seeds, losses, best, lost }) => ({
    pair: `${model}, ${task}`,
    seeds,
    "frozen rate": formatRate(frozen),
    "lowest dev loss by rate": [...losses].map(([rate, loss]) => `${formatRate(rate)}: ${formatNumber(loss, 3)}`).join("; "), // prettier-ignore
    "best rate": formatRate(best),
    "lost by the frozen one (%)": 100 * lost,
  }));
  return { table: tableOf(rows), options: { digits: { "lost by the frozen one (%)": 1 } } };
}

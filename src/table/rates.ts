import type { Method } from "../optimizer/method";
import type { ColumnTable } from "arquero";
import type { AdapterSpec } from "../adapter/adapter";
import { grouped } from "../check/grouped";
import { SEARCH } from "../experiment/field-grid";
import { HELD_OUT_RUNS } from "../experiment/held-out-grid";
import { LARGE_BATCHES } from "../experiment/large-batch-grid";
import { OBJECTIVES } from "../experiment/objectives-grid";
import { isStill } from "../experiment/plan";
import type { PlannedRun } from "../experiment/plan";
import type { ExperimentRecord } from "../experiment/record";
import { startOf } from "../experiment/searched";
import type { Schedule } from "../schedule/schedule";
import { bestOf, collapsedRun } from "../train/best";
import { recordedRuns } from "./from-records";
import { formatRate } from "./number";
import { tableOf } from "./rows";

/** What a learning rate came to, over all recorded runs of a model with an adapter and so many queries. */
export interface RateRow {
  readonly model: string;
  readonly adapter: AdapterSpec["kind"];
  /** One query a step, or an average of several: those bear a larger rate. */
  readonly queries: Queries;
  readonly rate: number;
  readonly runs: number;
  /** Runs that diverged or only became flatter. */
  readonly lost: number;
  /** Share of the dev loss at the start that a run took away, a lost one none: the mean over the runs. */
  readonly gain: number;
}

export type Queries = "one" | "several";

/** Says whether a schedule has one query a step or several. @example queriesKind({ kind: "constant", value: 4 }) // "several" */
export function queriesKind(queries: number | Schedule): Queries {
  if (typeof queries === "number") return queries > 1 ? "several" : "one";
  return queries.kind === "constant" && queries.value <= 1 ? "one" : "several";
}

/** Experiments whose rates say nothing of a usual run's. */
const ELSEWHERE: readonly string[] = [SEARCH, LARGE_BATCHES, OBJECTIVES, HELD_OUT_RUNS];

/**
 * Gives the rates of recorded zeroth-order runs by model, adapter and queries, a row for each: what a suggestion is made of. Left out are the search for
 * decades and the large batches, whose runs are too short to gain what others do, runs for other objectives or at their wider perturbations, held-out tasks, which have one rate each, and fitted starts, from which less is gained, runs on another batch size than the rest of their grid's, with a rate that changes, on other directions, combinations or transforms than MeZO's, and first-order ones: their rates say nothing of the others'.
 * A run's gain is (L_0 - L_best) / L_0 on dev, 0 where it is lost: a rate that diverges in every second run keeps half.
 * For example `rateRows(records).find(({ model, adapter, rate }) => model === "minilm" && adapter === "lora" && rate === 3e-3)`.
 */
export function rateRows(records: readonly ExperimentRecord<PlannedRun>[]): readonly RateRow[] {
  const runs = records.flatMap((record) => {
    if (ELSEWHERE.includes(record.experiment)) return [];
    const { arm, model, problem } = record.settings;
    if (startOf(record.settings) !== "own") return [];
    if (isStill(arm) || arm.batchSize !== problem.batchSize || !comparable(arm.method)) return [];
    const [run] = recordedRuns([record]);
    const first = run?.evaluations[0]?.loss;
    const best = run && bestOf(run.evaluations);
    if (!run || !best || typeof first !== "number") return [];
    const collapsed =
      run.chanceLoss !== null && run.devTexts !== undefined
        ? collapsedRun(run.evaluations, { loss: run.chanceLoss, count: run.devTexts })
        : null;
    const lost = run.diverged !== null || collapsed !== null;
    const queries = queriesKind(arm.method.queries);
    const gain = lost ? 0 : (first - best.loss) / first;
    return [{ model, adapter: arm.adapter.kind, queries, rate: significantRate(run.learningRate), lost, gain }];
  });
  return grouped(runs, ({ model, adapter, queries, rate }) => JSON.stringify([model, adapter, queries, rate]))
    .map((group) => {
      const gain = group.reduce((sum, run) => sum + run.gain, 0) / group.length;
      return { ...group[0]!, runs: group.length, lost: group.filter((run) => run.lost).length, gain };
    })
    .sort((a, b) => nameOf(a).localeCompare(nameOf(b)) || a.rate - b.rate);
}

const nameOf = ({ model, adapter, queries }: RateRow): string => `${model} ${adapter} ${queries}`;

/** A third of 1e-3 as 3.3e-4: rates that differ in rounding alone are one. */
function significantRate(rate: number): number {
  return Number(rate.toPrecision(2));
}

/** A rate to begin with, and where it comes from. */
export interface RateSuggestion {
  /** null: nothing was measured. */
  readonly rate: number | null;
  /** What was measured, in one sentence; or what to try. */
  readonly why: string;
}

/** Rates to try where nothing was measured: a factor of about three apart. */
export const RATES_TO_TRY = [3e-4, 1e-3, 3e-3, 1e-2] as const;

/**
 * Gives the measured rate with the largest mean gain for a model, an adapter and one query or several; a third of the smallest one where that
 * one lost most of its runs or gained nothing.
 * For example `suggestRate(rateRows(records), "minilm", "lora", "one").rate`: 1e-3.
 */
export function suggestRate(
  rows: readonly RateRow[],
  model: string,
  adapter: AdapterSpec["kind"],
  queries: Queries,
): RateSuggestion {
  const fitting = rows.filter((row) => row.model === model && row.adapter === adapter && row.queries === queries);
  const what = `${adapter} on ${model} with ${queries === "one" ? "one query" : "several queries"} a step`;
  const [first, ...rest] = fitting;
  if (first === undefined) {
    const tries = RATES_TO_TRY.map(formatRate).join(", ");
    return {
      rate: null,
      why: `no run of ${what} is recorded: try ${tries} for 40 steps each, and take the largest at which the dev loss falls and does not jump`,
    };
  }
  const best = rest.reduce((a, b) => (b.gain > a.gain ? b : a), first);
  if (2 * best.lost > best.runs || best.gain <= 0) {
    const smallest = Math.min(...fitting.map(({ rate }) => rate));
    const rate = Number((smallest / 3).toPrecision(1));
    const why = `${formatRate(rate)} is a third of the smallest rate measured for ${what}; none of them took anything off the dev loss, or most runs were lost`;
    return { rate, why };
  }
  const percent = (100 * best.gain).toFixed(1);
  const others = fitting.length === 1 ? "the only rate measured" : `the best of ${fitting.length} rates measured`;
  return {
    rate: best.rate,
    why: `${formatRate(best.rate)} is ${others} for ${what}; it took ${percent} % off the dev loss, and ${best.lost} of ${best.runs} runs were lost`,
  };
}

/** Gives the rows as a table, those that a suggestion takes marked. */
export function rateTable(rows: readonly RateRow[]): ColumnTable {
  return tableOf(
    rows.map((row) => ({
      model: row.model,
      adapter: row.adapter,
      "queries a step": row.queries,
      "learning rate": formatRate(row.rate),
      runs: row.runs,
      lost: row.lost,
      "off the dev loss (%)": 100 * row.gain,
      suggested: suggestRate(rows, row.model, row.adapter, row.queries).rate === row.rate ? "yes" : "",
    })),
  );
}

/** Says whether a rate of this method says something of MeZO's and AdaZeta's. */
export function comparable(method: Method): boolean {
  const { directions, probe, combine, transforms, learningRate } = method;
  // A rate that falls begins far above the one that would be safe all along.
  if (learningRate.kind !== "constant") return false;
  if (probe?.kind !== "two-sided" && probe?.kind !== "directional") return false;
  const plain = ["gaussian", "table"].includes(directions.kind) && combine.kind === "mean";
  return plain && transforms.every(({ kind }) => kind === "weight-decay");
}

import type { ColumnTable } from "arquero";
import { fail } from "../check/check";
import { grouped } from "../check/grouped";
import { armTitle, isArm, printedName, titleOf } from "../experiment/arms";
import type { Cell } from "../experiment/cells";
import { faultRemark } from "../experiment/faults";
import type { Fault } from "../experiment/faults";
import { isStill } from "../experiment/plan";
import type { PlannedRun } from "../experiment/plan";
import type { ExperimentRecord } from "../experiment/record";
import type { StudyExtra, TestScores } from "../experiment/study-run";
import type { TableOptions } from "./cell";
import { atChance } from "./chance";
import { recordedRuns } from "./from-records";
import { formatNumber, formatRate } from "./number";
import { publishedBesideMeasured } from "./published/beside";
import type { ShownTable } from "./published/beside";
import { publishedCell } from "./published/published";
import type { PublishedTable } from "./published/published";
import { classChance } from "../task/chance";
import { taskNamed } from "../task/tasks";
import { bestOf } from "../train/best";
import type { EvaluationRecord } from "../train/records";
import { collapseOf, forwardPassesOf } from "./record";
import type { RunRecord } from "./record";
import { tableOf } from "./rows";
import { spread, tInterval95 } from "./statistics";
import type { Spread } from "./statistics";

/** A run that an experiment plans, and its record; null: not measured yet. */
export interface PlannedRecord {
  readonly cell: Cell<PlannedRun>;
  readonly record: ExperimentRecord<PlannedRun> | null;
}

/** One task and arm of a table, over its seeds at the learning rate that was best on dev. */
export interface PaperCell {
  readonly task: string;
  readonly arm: string;
  /** Runs that the experiment plans for it, and how many of them have a record. */
  readonly planned: number;
  readonly measured: number;
  /** The measured runs' known faults. */
  readonly faults: readonly { readonly fault?: Fault }[];
  /** null: an arm without steps, or nothing measured. */
  readonly learningRate: number | null;
  /** Seeds at that rate. */
  readonly seeds: number;
  readonly diverged: number;
  /** Seeds whose lowest dev loss is a collapse and no progress (`isCollapse`). */
  readonly collapsed: number;
  /** Dev loss of each seed's checkpoint, the loss that training minimises; null also where records of choices hold `optionLoss` alone. */
  readonly devLoss: Spread | null;
  /** Cross-entropy over a choice's options on dev, at the same checkpoints; null for other tasks. */
  readonly optionLoss: Spread | null;
  /** The task's metric on test in percent, of the checkpoint with the lowest dev loss. */
  readonly test: Spread | null;
  /** Cross-entropy on test of that checkpoint, in nats. */
  readonly testLoss: Spread | null;
  /** Share of right answers on test of the best constant guess, in percent; null: answers are texts. */
  readonly guess: number | null;
  /** The share of right answers cannot be told from that guess's (`atChance`): there the loss is what to look at. */
  readonly atChance: boolean;
  /** 95 % t interval of the test score, for two seeds and more. */
  readonly interval: readonly [number, number] | null;
  /** Further metrics on test, in percent. */
  readonly metrics: Readonly<Record<string, Spread>>;
  readonly steps: number | null;
  readonly forwardPasses: number | null;
}

/**
 * Gives the cells of a table: for each task and arm the learning rate with the lowest mean of lowest dev losses, those left out that are a
 * collapse (`isCollapse`), and the test scores there. Test
 * plays no part in any choice. A rate counts once all its seeds that the other rates have are there; with partial records the choice
 * is among what was measured.
 * @throws when nothing is planned
 */
export function paperCells(planned: readonly PlannedRecord[]): readonly PaperCell[] {
  if (planned.length === 0) fail("runs", "at least one planned run", planned);
  return grouped(planned, ({ cell }) => taskOf(cell)).flatMap((task) =>
    grouped(task, ({ cell }) => cell.settings.arm.name).map(cellOf),
  );
}

function cellOf(runs: readonly PlannedRecord[]): PaperCell {
  const { cell } = runs[0]!;
  const basic = { task: taskOf(cell), arm: cell.settings.arm.name, planned: runs.length };
  const records = runs.flatMap(({ record }) => record ?? []);
  const faults = records.map(({ fault }) => (fault === undefined ? {} : { fault }));
  const rates = grouped(records, ({ learningRate }) => String(learningRate));
  const most = Math.max(0, ...rates.map((group) => group.length));
  const candidates = rates.filter((group) => group.length === most).map((group) => ({ group, by: choiceLoss(group) }));
  const [best] = [...candidates].sort((a, b) => a.by - b.by);
  if (best === undefined)
    return {
      ...basic,
      measured: 0,
      faults,
      learningRate: null,
      seeds: 0,
      diverged: 0,
      devLoss: null,
      test: null,
      collapsed: 0,
      optionLoss: null,
      testLoss: null,
      guess: null,
      atChance: false,
      interval: null,
      metrics: {},
      steps: null,
      forwardPasses: null,
    };
  const { group } = best;
  const loss = lossOf(group, "loss");
  const tests = group.flatMap(({ extra }) => (extra as Partial<StudyExtra> | null)?.test ?? []);
  const { metric, kind } = taskNamed(cell.settings.task);
  const optionLoss = kind === "choice" ? lossOf(group, "optionLoss") : null;
  // Until they chose by the trained loss, records of choices had the options' in its place.
  const older = kind === "choice" && optionLoss === null;
  const guess = kind === "generation" ? null : guessOf(group);
  const scores = tests.map(({ accuracy, metrics }) => 100 * (metrics?.[metric] ?? accuracy));
  const ends = recordedRuns(group);
  return {
    ...basic,
    measured: records.length,
    faults,
    learningRate: isStill(cell.settings.arm) ? null : group[0]!.learningRate,
    seeds: group.length,
    diverged: group.filter(({ diverged }) => diverged !== null).length,
    collapsed: ends.filter((run) => collapseOf(run) !== null).length,
    devLoss: older ? null : loss,
    optionLoss: older ? loss : optionLoss,
    test: scores.length === 0 ? null : spread(scores),
    testLoss:
      tests.length === 0 || tests.some(({ loss }) => !Number.isFinite(loss))
        ? null
        : spread(tests.map(({ loss }) => loss)),
    guess: guess === null ? null : 100 * guess,
    atChance: guess !== null && tests.length > 0 && isAtChance(tests, guess),
    interval: scores.length < 2 ? null : intervalOf(scores),
    metrics: Object.fromEntries(
      Object.keys(tests[0]?.metrics ?? {})
        .filter((name) => name !== metric && tests.every(({ metrics }) => Number.isFinite(metrics?.[name])))
        .map((name) => [name, spread(tests.map(({ metrics }) => 100 * metrics![name]!))]),
    ),
    steps: Math.max(...ends.map((run) => run.steps.at(-1)?.step ?? 0)),
    forwardPasses: Math.max(...ends.map(forwardPassesOf)),
  };
}

/** The largest class's share of the test texts; where options differ by example, that of the same score for all of them. */
function guessOf(records: readonly ExperimentRecord[]): number | null {
  const { counts, chanceLoss, chanceAccuracy } = records[0]!.extra as Partial<StudyExtra>;
  const test = counts?.test ?? [];
  if (test.length > 1) return classChance(test).accuracy;
  if (chanceAccuracy !== undefined) return chanceAccuracy;
  return chanceLoss === undefined ? null : Math.exp(-chanceLoss);
}

/** Runs of several seeds are judged on the same texts: their mean is one share of that many. */
function isAtChance(tests: readonly TestScores[], guess: number): boolean {
  const { count } = tests[0]!;
  const share = tests.reduce((sum, { accuracy }) => sum + accuracy, 0) / tests.length;
  return Number.isFinite(share) && atChance(Math.round(share * count), count, guess);
}

function intervalOf(scores: readonly number[]): readonly [number, number] {
  const { low, high } = tInterval95(scores);
  return [low, high];
}

/** What a rate is chosen by: the mean over its seeds of the lowest dev loss that is no collapse (`bestOf`). */
function choiceLoss(records: readonly ExperimentRecord[]): number {
  const losses = recordedRuns(records).map(({ evaluations, chanceLoss, devTexts }) => {
    const chance = chanceLoss === null || devTexts === undefined ? undefined : { loss: chanceLoss, count: devTexts };
    return bestOf(evaluations, { chance })?.loss ?? Infinity;
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

/** A loss of each record's checkpoint; null where one has none. */
function lossOf(records: readonly ExperimentRecord[], which: "loss" | "optionLoss"): Spread | null {
  const losses = records.flatMap((record) => {
    const { bestStep } = (record.extra ?? {}) as Partial<StudyExtra>;
    const { evaluations } = record.history;
    const chosen = evaluations.find(({ step }) => step === bestStep) ?? bestOf(evaluations);
    return chosen?.[which] ?? [];
  });
  return losses.length < records.length ? null : spread(losses);
}

const AT_CHANCE = "at chance";

/**
 * Gives the measured table: a row for each task and arm. What has no record says so; where the share of right answers is at chance, that
 * stands in its place, and the losses are what there is to see.
 * For example `paperTable(paperCells(planned)).table.columnNames()[0]`: "task".
 */
export function paperTable(cells: readonly PaperCell[]): ShownTable {
  const missing = "not measured yet";
  const names = [...new Set(cells.flatMap(({ metrics }) => Object.keys(metrics)))];
  const options = cells.some(({ optionLoss }) => optionLoss !== null);
  const table: ColumnTable = tableOf(
    cells.map((cell) => ({
      task: cell.task,
      arm: armTitle(cell.arm),
      "learning rate": cell.measured === 0 ? "" : cell.learningRate === null ? "-" : formatRate(cell.learningRate),
      runs: `${cell.measured}/${cell.planned}`,
      diverged: cell.seeds === 0 || cell.learningRate === null ? "" : `${cell.diverged}/${cell.seeds}`,
      ...(cells.some(({ collapsed }) => collapsed > 0)
        ? { collapsed: cell.seeds === 0 || cell.learningRate === null ? "" : `${cell.collapsed}/${cell.seeds}` }
        : {}),
      "lowest dev loss": cell.devLoss,
      ...(options ? { "option loss": cell.optionLoss } : {}),
      "test loss": cell.testLoss,
      "test (%)": cell.atChance ? AT_CHANCE : cell.test,
      "95 % interval (t)":
        cell.interval === null || cell.atChance ? "" : cell.interval.map((end) => formatNumber(end, 1)).join(" to "),
      ...Object.fromEntries(names.map((name) => [`${name} (%)`, cell.atChance ? null : (cell.metrics[name] ?? null)])),
      steps: cell.steps,
      "forward passes": cell.forwardPasses,
    })),
  );
  const best: TableOptions["best"] = cells.every(({ task }) => task === cells[0]?.task)
    ? { "lowest dev loss": "lowest" }
    : {};
  return {
    table,
    options: {
      ...faultCaption(cells.flatMap(({ faults }) => faults)),
      best,
      digits: { "test (%)": 1 },
      missing: {
        "lowest dev loss": "",
        ...(options ? { "option loss": "" } : {}),
        "test loss": "",
        "test (%)": missing,
        steps: "",
        "forward passes": "",
      },
    },
  };
}

/**
 * Gives test scores beside published ones, task by task and method by method.
 * @param tables where to look, in order; `shots` as the published table counts them
 */
export function besidePublished(
  cells: readonly PaperCell[],
  {
    tables,
    shots = null,
    models,
    remarks = {},
  }: {
    readonly tables: readonly PublishedTable[];
    readonly shots?: number | null;
    readonly models: { readonly reported: string; readonly measured: string };
    /** By task: what a reader must know beside the numbers. */
    readonly remarks?: Readonly<Record<string, string>>;
  },
): ShownTable {
  const { table, options } = publishedBesideMeasured(
    cells.map(({ task, arm, test, ...cell }) => {
      const method = printedName(arm);
      const found = tables.flatMap((table) => publishedCell(table, { task, method, shots }) ?? publishedCell(table, { task, method }) ?? []); // prettier-ignore
      return {
        task,
        method: armTitle(arm),
        published: found[0] ?? null,
        measured: cell.atChance ? lossAtChance(cell.testLoss) : test,
        remark: [remarks[task], cell.atChance ? `guess: ${formatNumber(cell.guess ?? 0, 1)} %` : null]
          .filter(Boolean)
          .join("; "),
      };
    }),
    models,
  );
  return { table, options: { ...faultCaption(cells.flatMap(({ faults }) => faults)), ...options } };
}

/** The caption of a table of runs with a known fault. */
function faultCaption(runs: Parameters<typeof faultRemark>[0]): { readonly caption?: string } {
  const remark = faultRemark(runs);
  return remark === null ? {} : { caption: remark };
}

/** Says that a mean is no better than chance. For example `lossAtChance(spread([0.71]))`: "at chance, loss 0.71". */
function lossAtChance(testLoss: Spread | null): string {
  return testLoss === null ? AT_CHANCE : `${AT_CHANCE}, loss ${formatNumber(testLoss.mean, 2)}`;
}

/**
 * Compares two arms with each other on each task at one learning rate, for example AdaZeta and MeZO-LoRA: mean dev loss over the seeds after as many steps, and after as many forward
 * passes (the fewer that one of the two spent).
 * "lost": so many seeds had no finite loss there, or had ended before, when no direction changed their loss any more.
 * @param arms their ids, or their names in records
 * @throws when no task has both
 */
export function duelTable(planned: readonly PlannedRecord[], [one, other]: readonly [string, string]): ShownTable {
  const [first, second] = [one, other].map(titleOf);
  const rows = grouped(planned, ({ cell }) => JSON.stringify([taskOf(cell), cell.learningRate])).flatMap((group) => {
    const runsOf = (name: string): readonly EndedRun[] =>
      group.flatMap(({ record }) => {
        if (record === null || !isArm(record.settings.arm.name, name)) return [];
        return recordedRuns([record]).map((run) => ({ run, finished: record.reason === "finished" }));
      });
    const [a, b] = [runsOf(one), runsOf(other)];
    if (a.length === 0 || b.length === 0) return [];
    const finished = [...a, ...b].filter((run) => run.finished);
    const compared = finished.length > 0 ? finished : [...a, ...b];
    const ends = (measure: Measure): number =>
      Math.min(...compared.map(({ run }) => measure(run.evaluations.at(-1) ?? NOWHERE)));
    const at = (runs: readonly EndedRun[], measure: Measure): Spread | string => {
      const end = ends(measure);
      const losses = runs.flatMap(({ run, finished: whole }) => {
        if (!whole && measure(run.evaluations.at(-1) ?? NOWHERE) < end) return [];
        return run.evaluations.filter((evaluation) => measure(evaluation) <= end).at(-1)?.loss ?? [];
      });
      const lost = runs.length - losses.length;
      return lost > 0 ? `lost (${lost} of ${runs.length} seeds)` : spread(losses);
    };
    const [steps, passes] = [byStep, byPasses].map(ends);
    const { cell } = group[0]!;
    return [
      {
        task: taskOf(cell),
        "learning rate": formatRate(cell.learningRate),
        seeds: Math.min(a.length, b.length),
        steps,
        [`${first}, equal steps`]: at(a, byStep),
        [`${second}, equal steps`]: at(b, byStep),
        "forward passes": passes,
        [`${first}, equal passes`]: at(a, byPasses),
        [`${second}, equal passes`]: at(b, byPasses),
      },
    ];
  });
  if (rows.length === 0) fail("runs", `records of ${one} and ${other} on one task`, "none");
  const losses = [first, second].flatMap((name) => [`${name}, equal steps`, `${name}, equal passes`]);
  const records = planned.flatMap(({ record }) => record ?? []);
  const compared = records.filter(({ settings }) => [one, other].some((arm) => isArm(settings.arm.name, arm)));
  return {
    table: tableOf(rows),
    options: { ...faultCaption(compared), align: Object.fromEntries(losses.map((column) => [column, "right"])) },
  };
}

/** A run, and whether it spent its budget. */
interface EndedRun {
  readonly run: RunRecord;
  readonly finished: boolean;
}
type Measure = (evaluation: Pick<EvaluationRecord, "step" | "forwardPasses">) => number;
const byStep: Measure = ({ step }) => step;
const byPasses: Measure = ({ forwardPasses }) => forwardPasses;
const NOWHERE = { step: 0, forwardPasses: 0 };

/** Gives recorded runs of a task with steps, for figures. */
export function taskRuns(planned: readonly PlannedRecord[], task: string): readonly RunRecord[] {
  return recordedRuns(
    planned.flatMap(({ cell, record }) =>
      record !== null && taskOf(cell) === task && !isStill(cell.settings.arm) ? [record] : [],
    ),
    "study",
  );
}

const taskOf = ({ task, settings }: Cell<PlannedRun>): string => task ?? settings.task;

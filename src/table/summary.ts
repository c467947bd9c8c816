import { from } from "arquero";
import type { ColumnTable } from "arquero";
import { grouped } from "../check/grouped";
import { armTitle } from "../experiment/arms";
import { formatRate } from "./number";
import { bestEvaluation, collapseOf, forwardPassesOf, groupRuns, LOSS, trainedFor } from "./record";
import type { RunGroup, RunRecord } from "./record";
import { spread, wilson95 } from "./statistics";
import type { Spread } from "./statistics";

/**
 * Gives one row per arm and learning rate: seeds, how many diverged, and over the seeds mean and standard deviation of the lowest dev loss
 * and of the accuracy at that same evaluation (not the best accuracy ever seen), and the mean of the forward passes spent.
 * A diverged seed counts with the best it had reached before: `diverged` stands beside it for that reason. Where a seed's lowest loss is
 * a collapse (`isCollapse`: a flatter output, fewer right answers), a column counts such seeds. Runs that were trained for different things have rows of their own.
 * For example `summaryTable(runs).get("diverged", 0)`: "4/5".
 * @throws when there are no runs
 */
export function summaryTable(runs: readonly RunRecord[]): ColumnTable {
  const flagged = runs.some((run) => collapseOf(run) !== null);
  const several = new Set(runs.map(trainedFor)).size > 1;
  return from(groupRuns(runs).map((group) => summaryRow(group, flagged, several)));
}

function summaryRow(
  { arm, learningRate, objective, runs }: RunGroup,
  flagged: boolean,
  several: boolean,
): Record<string, string | number | Spread | null> {
  const best = runs.map(bestEvaluation).filter((x): x is NonNullable<typeof x> => x !== null);
  const accuracies = best.flatMap(({ accuracy }) => known(accuracy) ?? []);
  return {
    arm: armTitle(arm),
    "learning rate": formatRate(learningRate),
    ...(several ? { "trained for": objective } : {}),
    seeds: runs.length,
    diverged: `${runs.filter((run) => run.diverged !== null).length}/${runs.length}`,
    ...(flagged ? { collapsed: `${runs.filter((run) => collapseOf(run) !== null).length}/${runs.length}` } : {}),
    "best dev loss": best.length === 0 ? null : spread(best.map((x) => x.loss)),
    "accuracy there (%)": accuracies.length === 0 ? null : spread(accuracies.map((x) => 100 * x)),
    "forward passes": Math.round(spread(runs.map(forwardPassesOf)).mean),
  };
}

/** Columns of a comparison at most: what a page shows side by side. */
const MOST_COLUMNS = 8;

/**
 * Gives one row per run, for interactive runs side by side: what came of them first, then only those settings in which the runs differ, parts of
 * one thing together ("queries": "power-law, cap 8"). At most eight columns: what finds no place is said in the last.
 * @param devTexts how many texts dev has: then the accuracy's 95 % interval (Wilson) stands beside it
 * @throws when there are no runs
 */
export function compareRuns(runs: readonly RunRecord[], devTexts?: number): ColumnTable {
  groupRuns(runs);
  const named = runs.map((run) => run.name ?? armTitle(run.arm));
  const differ = (values: readonly unknown[]): boolean => new Set(values).size > 1;
  const arms = runs.map(({ arm }) => armTitle(arm));
  const said = arms.every((arm, i) => named[i]!.includes(arm));
  const settings: readonly Column[] = [
    ...(said || !differ(runs.map(({ arm }) => arm)) ? [] : [{ name: "arm", values: arms }]),
    ...(differ(runs.map(({ learningRate }) => learningRate))
      ? [{ name: "learning rate", values: runs.map(({ learningRate }) => formatRate(learningRate)) }]
      : []),
    ...(differ(runs.map(({ seed }) => seed)) ? [{ name: "seed", values: runs.map(({ seed }) => seed) }] : []),
    ...settingColumns(runs),
  ];
  const results: readonly Column[] = [{ name: "run", values: named }, ...resultColumns(runs, devTexts)];
  const columns = [...results, ...gathered(settings, MOST_COLUMNS - results.length)];
  return from(runs.map((_, i) => Object.fromEntries(columns.map(({ name, values }) => [name, values[i]!]))));
}

interface Column {
  readonly name: string;
  readonly values: readonly (string | number | null)[];
}

function resultColumns(runs: readonly RunRecord[], devTexts: number | undefined): readonly Column[] {
  const best = runs.map(bestEvaluation);
  const objectives = runs.map(trainedFor);
  const most = runs.map(({ evaluations }) => largest(evaluations.flatMap(({ objective }) => known(objective) ?? [])));
  return [
    ...(objectives.every((objective) => objective === LOSS)
      ? []
      : [
          { name: "trained for", values: objectives },
          { name: "highest on dev", values: most },
        ]),
    { name: "best dev loss", values: best.map((found) => found?.loss ?? null) },
    {
      name: "accuracy there (%)",
      values: best.map((found) => percent(known(found?.accuracy))),
    },
    ...(devTexts === undefined
      ? []
      : [{ name: "95 % interval", values: best.map((found) => intervalText(found?.accuracy ?? null, devTexts)) }]),
    { name: "at step", values: best.map((found) => found?.step ?? null) },
    { name: "forward passes", values: runs.map(forwardPassesOf) },
    ...failureColumns(runs),
  ];
}

/** Gives a number; null where there is none: records have null for what was not finite, live runs NaN. */
function known(value: number | null | undefined): number | null {
  return value === null || value === undefined || Number.isNaN(value) ? null : value;
}

const percent = (share: number | null): number | null => (share === null ? null : 100 * share);
const largest = (values: readonly number[]): number | null => (values.length === 0 ? null : Math.max(...values));

/** At which step a run diverged or collapsed; where runs did both, in one column. */
function failureColumns(runs: readonly RunRecord[]): readonly Column[] {
  const columns = [
    { name: "diverged at step", values: runs.map((run) => run.diverged?.step ?? null) },
    { name: "collapsed at step", values: runs.map((run) => collapseOf(run)?.step ?? null) },
  ].filter(({ values }) => values.some((step) => step !== null));
  return columns.length < 2 ? columns : [{ name: "went wrong", values: runs.map((_, i) => told(columns, i)) }];
}

/** What the columns say of one run, each with its name; null where they say nothing. */
function told(columns: readonly Column[], row: number): string | null {
  const parts = columns.flatMap(({ name, values }) => (values[row] === null ? [] : [`${name} ${String(values[row])}`]));
  return parts.length === 0 ? null : parts.join("; ");
}

/** Settings that differ, the method's first; several of one part ("method.queries.kind", "method.queries.cap") are one column. */
function settingColumns(runs: readonly RunRecord[]): readonly Column[] {
  const names = differingSettings(runs).filter((name) => !name.includes("learningRate") && !isUnsaid(name));
  const ofMethod = names.filter((name) => name.startsWith("method."));
  const ordered = [...ofMethod, ...names.filter((name) => !ofMethod.includes(name))];
  return grouped(ordered, partOf).map((group) => {
    const [only] = group;
    if (group.length === 1) return { name: only, values: runs.map(({ settings }) => settingText(settings?.[only])) };
    return { name: titleOf(partOf(only)), values: runs.map((run) => partText(run, group)) };
  });
}

/** The text of a function, and what a run is trained for, which has columns of its own. */
const SAID_ELSEWHERE = /^(method\.\w+|objective)\.source$|^objective\.(kind|metric)$/;

/** Whether a setting says nothing beside the others: a name that is not of one's own part of a method, and the text of that part's function. */
function isUnsaid(name: string): boolean {
  return (name.endsWith(".name") && !/^method\.\w+\.name$/.test(name)) || SAID_ELSEWHERE.test(name);
}

/** Gives the path of what a setting belongs to. For example `partOf("method.queries.cap")`: "method.queries". */
function partOf(name: string): string {
  const parts = name.split(".");
  return parts.slice(0, parts[0] === "method" ? 2 : 1).join(".");
}

/** Gives the heading of a setting. For example `titleOf("method.queries")`: "queries". */
function titleOf(name: string): string {
  return name.replace(/^method\./, "");
}

function partText({ settings }: RunRecord, names: readonly string[]): string | null {
  const parts = names.flatMap((name) => {
    const value = settings?.[name] ?? null;
    const last = name.split(".").at(-1)!;
    return value === null ? [] : [["kind", "name"].includes(last) ? String(value) : `${last} ${String(value)}`];
  });
  return parts.length === 0 ? null : parts.join(", ");
}

/** The columns there is room for; those beyond become one. */
function gathered(columns: readonly Column[], room: number): readonly Column[] {
  if (columns.length <= room) return columns;
  const others = columns.slice(room - 1);
  const values = others[0]!.values.map((_, i) => told(others, i) ?? "");
  return [...columns.slice(0, room - 1), { name: "other settings", values }];
}

/**
 * Gives the 95 % interval (Wilson) of an accuracy, in percent; null where there is no accuracy.
 * @example intervalText(25 / 30, 30) // "66 to 93"
 */
export function intervalText(accuracy: number | null, texts: number): string | null {
  if (accuracy === null || Number.isNaN(accuracy)) return null;
  const { low, high } = wilson95(accuracy, texts);
  return `${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)}`;
}

/** Names of settings whose values are not the same in all runs; learning rate and seed have columns of their own. */
export function differingSettings(runs: readonly RunRecord[]): readonly string[] {
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.settings ?? {})))];
  return names
    .filter((name) => name !== "learningRate" && name !== "seed")
    .filter((name) => new Set(runs.map((run) => JSON.stringify(run.settings?.[name] ?? null))).size > 1);
}

function settingText(value: string | number | boolean | null | undefined): string | number | null {
  return typeof value === "boolean" ? String(value) : (value ?? null);
}

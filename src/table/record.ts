import { fail } from "../check/check";
import { grouped } from "../check/grouped";
import type { Fault } from "../experiment/faults";
import { bestOf, collapsedRun } from "../train/best";
import type { Collapse } from "../train/best";
import type { EvaluationNumbers, RunHistory, StepNumbers } from "../train/run-history";

/** One run, finished or still going on, as far as a table or a figure needs it: the longer records of `train` and `experiment` fit in. */
export interface RunRecord extends RunHistory<StepNumbers, EvaluationNumbers> {
  /** The arm's name in records, e.g. "AdaZeta": its row, or the name where it has none, fixes the colour everywhere, and what is shown (`armTitle`). */
  readonly arm: string;
  /** What to call this run where several of one arm stand together; the arm's name when absent. */
  readonly name?: string | undefined;
  readonly seed: number;
  readonly learningRate: number;
  readonly diverged: { readonly step: number } | null;
  /** The loss of the best constant answer on dev, the entropy of its classes; null where there is none. */
  readonly chanceLoss: number | null;
  /** How many dev texts that loss is a mean over; absent: not known, and nothing is said of collapses. */
  readonly devTexts?: number | undefined;
  /** Settings to compare by, flat. */
  readonly settings?: Readonly<Record<string, string | number | boolean | null>> | undefined;
  /** What was wrong when it was made (`faultRemark`); absent: nothing that is known. */
  readonly fault?: Fault;
}

/** Runs of one arm at one learning rate, trained for one thing; they differ in their seeds. */
export interface RunGroup {
  readonly arm: string;
  readonly learningRate: number;
  /** What they were trained for (`trainedFor`). */
  readonly objective: string;
  readonly runs: readonly RunRecord[];
}

/**
 * Says what a run was trained for: its task's loss, or a metric or a reward by its name.
 * @example trainedFor({ settings: { "objective.kind": "metric", "objective.metric": "f1" } }) // "f1"
 */
export function trainedFor({ settings = {} }: Pick<RunRecord, "settings">): string {
  const [metric, reward] = [settings["objective.metric"], settings["objective.name"]];
  return typeof metric === "string" ? metric : typeof reward === "string" ? `reward (${reward})` : LOSS;
}

/** What a run is trained for that says nothing else. */
export const LOSS = "loss";

/** Groups runs by arm, learning rate and what they were trained for, in order of first appearance. @throws when there are no runs */
export function groupRuns(runs: readonly RunRecord[]): readonly RunGroup[] {
  someRuns(runs);
  return grouped(runs, (run) => JSON.stringify([run.arm, run.learningRate, trainedFor(run)])).map((group) => {
    const [first] = group;
    const { arm, learningRate } = first;
    return { arm, learningRate, objective: trainedFor(first), runs: group };
  });
}

/**
 * Checks that there is a run to show.
 * @throws when there is no run to show
 */
export function someRuns(runs: readonly RunRecord[]): void {
  if (runs.length === 0) fail("runs", "at least one run (none was recorded yet: train one, or read a record)", runs);
}

/**
 * Checks that each seed has one run of an arm at a rate: two records of one seed are one draw of the data, and a mean over seeds would count it twice.
 * @throws naming the arm, the rate and the seed
 */
export function oneRunASeed(runs: readonly Pick<RunRecord, "arm" | "learningRate" | "seed">[]): void {
  const seen = new Set<string>();
  for (const { arm, learningRate, seed } of runs) {
    const key = JSON.stringify([arm, learningRate, seed]);
    if (seen.has(key))
      fail(`runs of ${arm} at rate ${learningRate}`, "one for each seed (leave the others out)", `two of seed ${seed}`);
    seen.add(key);
  }
}

/**
 * Gives the evaluation with the lowest finite loss; null when no evaluation has one.
 * @example bestEvaluation({ evaluations: [{ loss: 0.95 }, { loss: 0.886 }, { loss: null }] })?.loss // 0.886
 */
export function bestEvaluation(run: RunRecord): (EvaluationNumbers & { readonly loss: number }) | null {
  return bestOf(run.evaluations);
}

/** Gives the evaluation with the lowest loss, where it is a collapse and no progress (`isCollapse`); null elsewhere, or where chance is not known. */
export function collapseOf({ evaluations, chanceLoss, devTexts }: RunRecord): Collapse | null {
  if (chanceLoss === null || devTexts === undefined) return null;
  return collapsedRun(evaluations, { loss: chanceLoss, count: devTexts });
}

/** Gives forward passes on training batches that the run has spent so far. */
export function forwardPassesOf(run: RunRecord): number {
  return Math.max(0, run.steps.at(-1)?.forwardPasses ?? 0, run.evaluations.at(-1)?.forwardPasses ?? 0);
}

/** Gives steps that the run has made so far. */
export function stepsOf(run: RunRecord): number {
  return Math.max(0, run.steps.at(-1)?.step ?? 0, run.evaluations.at(-1)?.step ?? 0);
}

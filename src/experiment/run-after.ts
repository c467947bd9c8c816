import type { Adapter } from "../adapter/adapter";
import { scaledPoint } from "../adapter/scaled-point";
import { fail } from "../check/check";
import type { ModelSession } from "../engine/session";
import type { RunResult } from "../train/train";
import { isProblem } from "./problem";
import type { ProblemOptions, Trainable } from "./problem";

/** What is measured when a run has ended, at points between the frozen model and the tuned one: plain data. */
export interface AfterRun {
  /** Shares of the tuned change (`scaledPoint`): 0 is the frozen model, 1 the tuned one. */
  readonly shares: readonly number[];
  /** Tasks besides the run's own, and what is theirs of its problem; nothing is trained on them. */
  readonly tasks: readonly { readonly task: string; readonly problem?: Partial<Omit<ProblemOptions, "seed">> }[];
}

/** What a share of the change came to on the test texts of each task, the run's own first. */
export interface AfterShare {
  readonly share: number;
  readonly scores: readonly {
    readonly task: string;
    readonly loss: number;
    readonly accuracy: number;
    readonly count: number;
  }[];
}

/** What was measured after a run. */
export interface AfterScores {
  /** Which of the run's points is scaled: the running mean where its method carries one. */
  readonly point: "last" | "running mean";
  readonly shares: readonly AfterShare[];
}

/**
 * Checks before a run that what is to be measured after it can be: that shares of the adapter's change are points, and that all tasks are read alike.
 * @throws naming the share, or the task that has another readout than the run's own
 */
export function checkAfter({ shares }: AfterRun, adapter: Adapter, problems: readonly Trainable<unknown>[]): void {
  if (shares.length === 0) fail("after.shares", "at least one share of the change", "none");
  const start = adapter.initial(0);
  for (const share of shares) scaledPoint(adapter, start, share);
  const [own, ...others] = problems.map(readoutOf);
  others.forEach((other, i) => {
    if (other !== own)
      fail(
        `after.tasks[${i}]`,
        `a task that is read as ${problems[0]?.task.name} is (the same captions or label words for as many classes)`,
        problems[i + 1]?.task.name,
      );
  });
}

function readoutOf(problem: Trainable<unknown>): string {
  if (!isProblem(problem)) return fail("after", "tasks with classes that are read off features", problem.task.name);
  const { readout, options } = problem;
  const { rows, scale, bias = [], classes } = readout;
  const { contrast, captions } = options;
  return JSON.stringify([problem.sessionModel.id, classes, scale, [...rows], [...bias], contrast, captions]);
}

/**
 * Measures a run that has ended at shares of its change, on the test texts of its own task and of others, in the run's own session.
 * For example `(await scoresAfter(after, run, adapter, session, [sst2, sst5])).shares[0].scores[1].accuracy`.
 */
export async function scoresAfter(
  { shares }: AfterRun,
  { point, averagedPoint, average }: Pick<RunResult, "point" | "averagedPoint" | "average">,
  adapter: Adapter,
  session: ModelSession,
  problems: readonly Trainable<unknown>[],
): Promise<AfterScores> {
  const mean = average?.momentum === undefined ? undefined : averagedPoint;
  const found: AfterShare[] = [];
  for (const share of shares) {
    const at = scaledPoint(adapter, mean ?? point, share);
    const scores: AfterShare["scores"][number][] = [];
    for (const problem of problems) {
      const { loss, accuracy, count } = await problem.evaluate(session, at, "test", adapter.spec);
      scores.push({ task: problem.task.name, loss, accuracy, count });
    }
    found.push({ share, scores });
  }
  return { point: mean === undefined ? "last" : "running mean", shares: found };
}

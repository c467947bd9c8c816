import { isReward } from "../task/reward";
import { standAt } from "../train/replay";
import type { TrainOptions } from "../train/train";
import { trainInFile } from "../train/train-in-file";
import { adapterFor } from "./adapter-for";
import type { Arm } from "./arm";
import type { Cell } from "./cells";
import { openSession } from "../engine/open-session";
import { runOpener } from "./open-run";
import type { OpenedBy, Sources } from "./open-run";
import { budgetOf, FROZEN, isStill } from "./plan";
import type { BothBudgets, PlannedRun, StudyArm } from "./plan";
import { withReadout } from "./problem";
import type { Problem, Scores, Trainable } from "./problem";
import type { QuantizedFindings, QuantizedSettings } from "./quantized-settings";
import { checkAfter, scoresAfter } from "./run-after";
import type { AfterScores } from "./run-after";
import { plannedObjective } from "./planned-reward";
import { armOptions } from "./run-arm";
import type { CellContext, CellResult } from "./run-grid";
import { runQuantized, trainTeacher } from "./run-quantized";
import type { OpenTrained, Teacher } from "./run-quantized";
import { runStill } from "./run-still";
import type { StillScores } from "./run-still";
import { scoreWritten } from "./written";
import type { WrittenScores } from "./written";

/** What names a run to others who work on it: plain data. */
export interface RunOrder extends OpenedBy {
  readonly arm: Arm;
  readonly seed: number;
}

export interface StudyRunnerOptions {
  /** Gives the options of a run whose steps ask others too; default: they are left as they are. */
  readonly spread?: (options: TrainOptions<unknown>, order: RunOrder) => Promise<TrainOptions<unknown>>;
}

/** What is measured beside a run: one look at the test split, at the checkpoint that was best on dev. */
export interface StudyExtra {
  readonly bestStep: number | null;
  readonly test: TestScores | null;
  readonly data: Trainable<unknown>["origin"];
  readonly counts: Trainable<unknown>["sample"]["counts"];
  /** Loss of the best constant answer on dev. */
  readonly chanceLoss: number;
  /** Share of right answers on test of the best constant answer; null: answers are texts. Absent in the first records. */
  readonly chanceAccuracy?: number | null;
  /** What the run was to spend, with the training texts that were there. */
  readonly planned: BothBudgets;
  /** The arm as it ran, where fewer training texts than planned changed its schedule or budget. */
  readonly arm?: StudyArm;
  /** What the run came to at shares of its change, on its own test texts and on other tasks'. */
  readonly after?: AfterScores;
  /** What a rewarded run's model wrote to the test prompts, which nothing else is measured on then. */
  readonly written?: WrittenScores;
  /** A linear probe's C. */
  readonly chosen?: StillScores["chosen"];
  /** What became of a model that was brought to few bits. */
  readonly quantized?: QuantizedFindings;
}

/** Scores on test; `metrics` has the task's further ones. */
export interface TestScores {
  readonly loss: number;
  readonly accuracy: number;
  readonly count: number;
  readonly metrics?: Readonly<Record<string, number>>;
}

/** What runs planned runs. */
export interface StudyRunner {
  /** Opens what all these runs are made of, and draws their samples: what contradicts itself is told before any work. */
  check(cells: readonly Cell<PlannedRun>[]): Promise<void>;
  /** Gives fingerprints of what a run is made of: architecture and weights of its model, the files of its task's texts. */
  madeOf(cell: Cell<PlannedRun>): Promise<{ readonly model: string; readonly texts: string }>;
  run(cell: Cell<PlannedRun>, context: CellContext): Promise<CellResult & { readonly extra: StudyExtra }>;
  dispose(): Promise<void>;
}

/** Runs planned runs one after another; models and problems are opened once, the last sessions stay open. */
export function studyRunner(sources: Sources, { spread }: StudyRunnerOptions = {}): StudyRunner {
  const { modelOf, taskOf, problemOf, sessionOf, writerOf, dispose } = runOpener(sources);
  const teachers = lastTeacher();
  const quantized = async (
    { settings, by, signal }: { readonly settings: QuantizedSettings; readonly by: OpenedBy; readonly signal: CellContext["signal"] }, // prettier-ignore
    problem: Problem,
  ) => {
    const { cacheDirectory } = sources;
    const threads = by.threads === undefined ? {} : { threads: by.threads };
    const open: OpenTrained = (model, adapter, directory = cacheDirectory) =>
      openSession(model, adapter, { ...threads, ...(directory !== undefined && { cacheDirectory: directory }) });
    const run = { seed: by.problem.seed, open, directory: cacheDirectory ?? ".cache/onnx", ...threads, clock: () => performance.now(), signal }; // prettier-ignore
    const teacher = await teachers.of(JSON.stringify([by, settings.teacher]), () =>
      trainTeacher(settings.teacher, problem, run),
    );
    return runQuantized(settings, problem, teacher, run);
  };
  return {
    async check(cells) {
      for (const name of new Set(cells.map(({ settings }) => settings.model))) await modelOf(name);
      for (const name of new Set(cells.map(({ settings }) => settings.task))) await taskOf(name);
    },
    async madeOf({ settings: { model, task } }) {
      return { model: (await modelOf(model)).model.id, texts: (await taskOf(task)).origin.hash };
    },
    async run({ settings: asked, fitted }, { path, signal, onEvent, note }) {
      const { model, task, threads, precision } = asked;
      const by: OpenedBy = { model, task, problem: { ...asked.problem, seed: asked.seed }, threads, precision };
      const problem = await problemOf(by);
      const { arm: fitting } = fitted?.(problem.sample.parts.train.length) ?? asked;
      const settings = { ...asked, arm: fitting };
      const { arm, seed, evaluateEvery } = settings;
      const basic = {
        data: problem.origin,
        counts: problem.sample.counts,
        chanceLoss: problem.chance.loss,
        chanceAccuracy: Number.isNaN(problem.testChance.accuracy) ? null : problem.testChance.accuracy,
        planned: budgetOf(arm, isStill(arm) ? 1 : problem.batches(arm.batchSize).stepsPerEpoch),
        ...(JSON.stringify(arm) !== JSON.stringify(asked.arm) && { arm }),
      };
      if (isStill(arm) && arm.kind === "quantized") {
        const found = await quantized({ settings: arm, by, signal }, withReadout(problem));
        const { still, test, quantized: measured } = found;
        return { still, extra: { bestStep: null, test: kept(test), ...basic, quantized: measured } };
      }
      const spec = isStill(arm) ? FROZEN : adapterFor(arm.adapter, problem);
      const { adapter, session } = await sessionOf(by, problem, spec, !isStill(arm) && arm.dropping !== undefined);
      const clock = (): number => performance.now();
      if (isStill(arm)) {
        const { still, test, chosen } = await runStill(arm, problem, session, clock);
        return { still, extra: { bestStep: null, test: kept(test), ...basic, ...(chosen && { chosen }) } };
      }
      const { after, drift, testMetric } = settings;
      const trained = plannedObjective(settings.objective);
      const second = drift && (await problemOf({ ...by, task: drift.task, problem: { ...by.problem, ...drift.problem } })); // prettier-ignore
      const writer = () => writerOf(by, problem, spec);
      const how = {
        seed,
        evaluateEvery,
        stopMargin: null,
        objective: trained,
        writer,
        ...(second && { drift: second }),
      };
      const others = await Promise.all(
        (after?.tasks ?? []).map((each) => problemOf({ ...by, task: each.task, problem: { ...by.problem, ...each.problem } })), // prettier-ignore
      );
      if (after !== undefined) checkAfter(after, adapter, [problem, ...others]);
      const options = armOptions(arm, problem, adapter, session, how);
      const steps = (await spread?.({ ...options, clock }, { ...by, arm, seed })) ?? options;
      const run = await trainInFile(
        { ...steps, note, path, signal, clock, patience: Infinity, snapshotEvery: 50 },
        onEvent,
      );
      const { best } = run;
      const { objective, start, layout } = options;
      if (best !== null && objective.base !== undefined)
        await standAt(objective.base, run, start, layout, arm.method, best.evaluation.step);
      // A run that was stopped goes on another time.
      const ended = run.end.reason !== "stopped";
      const rewarded = isReward(trained);
      const points = best && ([start, best.point] as const);
      const written = rewarded && points && ended ? await scoreWritten(await writer(), problem, trained, points) : undefined; // prettier-ignore
      // What is judged by its answers has no other score on test: each would be written once more.
      const metric = testMetric ?? (typeof settings.objective === "string" ? settings.objective : undefined);
      const test = best && !rewarded ? kept(await problem.evaluate(session, best.point, "test", adapter.spec, metric)) : null; // prettier-ignore
      const scored = after && ended ? await scoresAfter(after, run, adapter, session, [problem, ...others]) : undefined;
      const further = { ...(scored && { after: scored }), ...(written && { written }) };
      return { run, extra: { bestStep: best?.evaluation.step ?? null, test, ...basic, ...further } };
    },
    async dispose() {
      await teachers.dispose();
      await dispose();
    },
  };
}

/** Keeps the teacher that was trained last: the next run's is often the same. */
function lastTeacher() {
  let last: { readonly key: string; readonly teacher: Teacher } | null = null;
  const dispose = async (): Promise<void> => {
    await last?.teacher.session.dispose();
    last = null;
  };
  return {
    dispose,
    async of(key: string, train: () => Promise<Teacher>): Promise<Teacher> {
      if (last?.key === key) return last.teacher;
      await dispose();
      last = { key, teacher: await train() };
      return last.teacher;
    },
  };
}

function kept({ loss, accuracy, count, metrics }: Scores): TestScores {
  return { loss, accuracy, count, ...(Object.keys(metrics).length > 0 && { metrics }) };
}

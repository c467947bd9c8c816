import { makeAdapter } from "../adapter/make-adapter";
import type { Adapter } from "../adapter/adapter";
import type { LoadedModel } from "../engine/load-model";
import { parsePrecision } from "../engine/onnx/precision";
import { openSession } from "../engine/open-session";
import type { EngineOptions } from "../engine/open-session";
import type { ModelSession } from "../engine/session";
import type { LoadedTask } from "../task/loaded-task";
import { standAt } from "../train/replay";
import { trainInFile } from "../train/train-in-file";
import type { Cell } from "./cells";
import { adapterFor } from "./adapter-for";
import { budgetOf, FROZEN, isStill } from "./plan";
import type { BothBudgets, PlannedRun, StudyArm } from "./plan";
import { makeTrainable } from "./make-trainable";
import type { Scores, Trainable } from "./problem";
import { armOptions } from "./run-arm";
import type { CellContext, CellResult } from "./run-grid";
import { runStill } from "./run-still";
import type { StillScores } from "./run-still";

/** Where runs find models and texts. */
export interface Sources {
  /** Where weights in the engine's own form are kept; default: as the engine has it. */
  readonly cacheDirectory?: string;
  openModel(name: string): Promise<LoadedModel>;
  openTask(name: string): Promise<LoadedTask>;
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
  /** A linear probe's C. */
  readonly chosen?: StillScores["chosen"];
}

/** Scores on test; `metrics` has the task's further ones. */
export interface TestScores {
  readonly loss: number;
  readonly accuracy: number;
  readonly count: number;
  readonly metrics?: Readonly<Record<string, number>>;
}

/** Sessions that stay open: the next run may have the same adapter. */
const OPEN = 2;

/** Runs planned runs one after another; models and problems are opened once, the last sessions stay open. */
export function studyRunner(sources: Sources): {
  /** Opens what all these runs are made of, and draws their samples: what contradicts itself is told before any work. */
  check(cells: readonly Cell<PlannedRun>[]): Promise<void>;
  run(cell: Cell<PlannedRun>, context: CellContext): Promise<CellResult & { readonly extra: StudyExtra }>;
  dispose(): Promise<void>;
} {
  const cache = sources.cacheDirectory === undefined ? {} : { cacheDirectory: sources.cacheDirectory };
  const models = new Map<string, Promise<LoadedModel>>();
  const tasks = new Map<string, Promise<LoadedTask>>();
  const problems = new Map<string, Promise<Trainable<unknown>>>();
  const sessions = new Map<string, Opened>();
  const modelOf = (name: string) => once(models, name, () => sources.openModel(name));
  const taskOf = (name: string) => once(tasks, name, () => sources.openTask(name));

  const problemOf = ({ model, task, problem: options, seed, threads, precision }: PlannedRun) =>
    once(problems, JSON.stringify([model, task, options, seed, precision]), async () =>
      makeTrainable(
        await modelOf(model),
        await taskOf(task),
        { ...options, seed },
        ({ model: frozen }) =>
          openSession(frozen, makeAdapter(FROZEN, frozen), { ...engineOptions(threads, precision), ...cache }),
        cache,
      ),
    );

  /** The session of a run, from the last ones or opened, when the oldest gives way. */
  const sessionOf = async (
    { model, arm, threads, precision }: PlannedRun,
    problem: Trainable<unknown>,
  ): Promise<Opened> => {
    const spec = isStill(arm) ? FROZEN : adapterFor(arm.adapter, problem);
    const options = engineOptions(threads, precision);
    const key = JSON.stringify([model, problem.sessionModel.id, spec, options]);
    const known = sessions.get(key);
    sessions.delete(key);
    while (sessions.size >= OPEN) {
      const [[oldest, { session }]] = sessions;
      sessions.delete(oldest);
      await session.dispose();
    }
    const opened = known ?? (await open(problem, spec, { ...options, ...cache }));
    sessions.set(key, opened);
    return opened;
  };

  return {
    async check(cells) {
      for (const name of new Set(cells.map(({ settings }) => settings.model))) await modelOf(name);
      for (const name of new Set(cells.map(({ settings }) => settings.task))) await taskOf(name);
    },
    async run({ settings: asked, fitted }, { path, signal, onEvent, note }) {
      const problem = await problemOf(asked);
      const { arm: fitting } = fitted?.(problem.sample.parts.train.length) ?? asked;
      const settings = { ...asked, arm: fitting };
      const { arm, seed, evaluateEvery } = settings;
      const { adapter, session } = await sessionOf(settings, problem);
      const basic = {
        data: problem.origin,
        counts: problem.sample.counts,
        chanceLoss: problem.chance.loss,
        chanceAccuracy: Number.isNaN(problem.testChance.accuracy) ? null : problem.testChance.accuracy,
        planned: budgetOf(arm, isStill(arm) ? 1 : problem.batches(arm.batchSize).stepsPerEpoch),
        ...(JSON.stringify(arm) !== JSON.stringify(asked.arm) && { arm }),
      };
      const clock = (): number => performance.now();
      if (isStill(arm)) {
        const { still, test, chosen } = await runStill(arm, problem, session, clock);
        return { still, extra: { bestStep: null, test: kept(test), ...basic, ...(chosen && { chosen }) } };
      }
      const { objective: trained } = settings;
      const how = { seed, evaluateEvery, stopMargin: null, objective: trained };
      const options = armOptions(arm, problem, adapter, session, how);
      const run = await trainInFile(
        { ...options, note, path, signal, clock, patience: Infinity, snapshotEvery: 50 },
        onEvent,
      );
      const { best } = run;
      const { objective, start, layout } = options;
      if (best !== null && objective.base !== undefined)
        await standAt(objective.base, run, start, layout, arm.method, best.evaluation.step);
      const test = best && kept(await problem.evaluate(session, best.point, "test", adapter.spec, trained));
      return { run, extra: { bestStep: best?.evaluation.step ?? null, test, ...basic } };
    },
    async dispose() {
      for (const { session } of sessions.values()) await session.dispose();
      sessions.clear();
    },
  };
}

interface Opened {
  readonly adapter: Adapter;
  readonly session: ModelSession;
}

async function open(
  { sessionModel }: Trainable<unknown>,
  spec: Adapter["spec"],
  options: EngineOptions,
): Promise<Opened> {
  const adapter = makeAdapter(spec, sessionModel);
  return { adapter, session: await openSession(sessionModel, adapter, options) };
}

function engineOptions(threads: number, precision: string | undefined) {
  return { threads, ...(precision === undefined ? {} : { precision: parsePrecision(precision) }) };
}

function kept({ loss, accuracy, count, metrics }: Scores): TestScores {
  return { loss, accuracy, count, ...(Object.keys(metrics).length > 0 && { metrics }) };
}

function once<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

import type { Adapter, AdapterSpec } from "../adapter/adapter";
import { dropping } from "../adapter/dropping";
import { makeAdapter } from "../adapter/make-adapter";
import type { LoadedModel } from "../engine/load-model";
import { onnxGenerator } from "../engine/onnx/generator";
import type { OnnxGenerator } from "../engine/onnx/generator";
import { parsePrecision } from "../engine/onnx/precision";
import { openSession } from "../engine/open-session";
import type { EngineOptions } from "../engine/open-session";
import type { ModelSession } from "../engine/session";
import type { LoadedTask } from "../task/loaded-task";
import { makeTrainable } from "./make-trainable";
import { FROZEN } from "./plan";
import type { ProblemOptions, Trainable } from "./problem";

/** Where runs find models and texts. */
export interface Sources {
  /** Where weights in the engine's own form are kept; default: as the engine has it. */
  readonly cacheDirectory?: string;
  openModel(name: string): Promise<LoadedModel>;
  openTask(name: string): Promise<LoadedTask>;
}

/** What a run is opened by, as plain data. */
export interface OpenedBy {
  readonly model: string;
  readonly task: string;
  readonly problem: ProblemOptions;
  /** Threads of the engine; absent: as many as it has by itself. */
  readonly threads?: number;
  readonly precision?: string | undefined;
}

/** A model with an adapter, open on the engine. */
export interface Opened {
  readonly adapter: Adapter;
  readonly session: ModelSession;
}

/** Opens models, tasks, problems and sessions, each once. */
export interface RunOpener {
  modelOf(name: string): Promise<LoadedModel>;
  taskOf(name: string): Promise<LoadedTask>;
  problemOf(by: OpenedBy): Promise<Trainable<unknown>>;
  /**
   * The session of a run, from the last ones or opened, when the oldest gives way.
   * @param drops whether batches multiply what the adapter adds by factors (`dropping`); default false
   */
  sessionOf(by: OpenedBy, problem: Trainable<unknown>, spec: AdapterSpec, drops?: boolean): Promise<Opened>;
  /** What writes answers with a run's adapter: the last one, or opened, when the last is closed. */
  writerOf(by: OpenedBy, problem: Trainable<unknown>, spec: AdapterSpec): Promise<OnnxGenerator>;
  dispose(): Promise<void>;
}

/** Sessions that stay open: the next run may have the same adapter. */
const OPEN = 2;

/** Makes an opener: models and problems are opened once, the last sessions stay open. */
export function runOpener(sources: Sources): RunOpener {
  const cache = sources.cacheDirectory === undefined ? {} : { cacheDirectory: sources.cacheDirectory };
  const models = new Map<string, Promise<LoadedModel>>();
  const tasks = new Map<string, Promise<LoadedTask>>();
  const problems = new Map<string, Promise<Trainable<unknown>>>();
  const sessions = new Map<string, Opened>();
  let writer: { readonly key: string; readonly generator: OnnxGenerator } | null = null;
  const modelOf = (name: string) => once(models, name, () => sources.openModel(name));
  const taskOf = (name: string) => once(tasks, name, () => sources.openTask(name));
  return {
    modelOf,
    taskOf,
    problemOf: ({ model, task, problem, threads, precision }) =>
      once(problems, JSON.stringify([model, task, problem, precision]), async () =>
        makeTrainable(
          await modelOf(model),
          await taskOf(task),
          problem,
          ({ model: frozen }) =>
            openSession(frozen, makeAdapter(FROZEN, frozen), { ...engineOptions(threads, precision), ...cache }),
          cache,
        ),
      ),
    async sessionOf({ model, threads, precision }, problem, spec, drops = false) {
      const options = engineOptions(threads, precision);
      const key = JSON.stringify([model, problem.sessionModel.id, spec, options, ...(drops ? ["drops"] : [])]);
      const known = sessions.get(key);
      sessions.delete(key);
      while (sessions.size >= OPEN) {
        const [[oldest, { session }]] = sessions;
        sessions.delete(oldest);
        await session.dispose();
      }
      const opened = known ?? (await open(problem, spec, { ...options, ...cache }, drops));
      sessions.set(key, opened);
      return opened;
    },
    async writerOf({ model, threads, precision }, { loaded }, spec) {
      const options = engineOptions(threads, precision);
      const key = JSON.stringify([model, loaded.model.id, spec, options]);
      if (writer?.key === key) return writer.generator;
      await writer?.generator.dispose();
      writer = null;
      const generator = await onnxGenerator(loaded.model, makeAdapter(spec, loaded.model), { ...options, ...cache });
      writer = { key, generator };
      return generator;
    },
    async dispose() {
      await writer?.generator.dispose();
      writer = null;
      for (const { session } of sessions.values()) await session.dispose();
      sessions.clear();
    },
  };
}

async function open(
  { sessionModel }: Trainable<unknown>,
  spec: AdapterSpec,
  options: EngineOptions,
  drops: boolean,
): Promise<Opened> {
  const made = makeAdapter(spec, sessionModel);
  const adapter = drops ? dropping(made) : made;
  return { adapter, session: await openSession(sessionModel, adapter, options) };
}

function engineOptions(threads: number | undefined, precision: string | undefined) {
  return {
    ...(threads === undefined ? {} : { threads }),
    ...(precision === undefined ? {} : { precision: parsePrecision(precision) }),
  };
}

function once<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

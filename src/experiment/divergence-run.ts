import { makeAdapter } from "../adapter/make-adapter";
import type { Adapter } from "../adapter/adapter";
import { loadModel } from "../engine/load-model";
import type { LoadedModel } from "../engine/load-model";
import { onnxSession } from "../engine/onnx/session";
import type { OnnxSession } from "../engine/onnx/session";
import { evaluateClassifier } from "../task/classifier";
import { loadTask } from "../task/load-task";
import type { LoadedTask } from "../task/load-task";
import { trainInFile } from "../train/train-in-file";
import type { RunResult } from "../train/train";
import type { Cell } from "./cells";
import type { DivergenceSettings } from "./divergence";
import { makeProblem } from "./problem";
import type { Problem } from "./problem";
import { armOptions } from "./run-arm";
import type { CellContext } from "./run-grid";

/** Where a study finds models and texts. */
export interface Sources {
  readonly modelFolders: readonly string[];
  readonly dataDirectory: string | undefined;
}

/** What is measured beside the run: one look at the test split, at the checkpoint that was best on dev. */
export interface DivergenceExtra {
  readonly bestStep: number | null;
  readonly test: { readonly loss: number; readonly accuracy: number; readonly count: number } | null;
  readonly data: Problem["origin"];
  readonly counts: Problem["sample"]["counts"];
}

/** Runs cells of the divergence study one after another; models, problems and sessions are opened once. */
export function divergenceRunner(sources: Sources): {
  run(
    cell: Cell<DivergenceSettings>,
    context: CellContext,
  ): Promise<{ readonly run: RunResult; readonly extra: DivergenceExtra }>;
  dispose(): Promise<void>;
} {
  const models = new Map<string, LoadedModel>();
  const tasks = new Map<string, Promise<LoadedTask>>();
  const problems = new Map<string, Promise<Problem>>();
  const sessions = new Map<string, { readonly adapter: Adapter; readonly session: Promise<OnnxSession> }>();
  const once = <V>(map: Map<string, V>, key: unknown, make: () => V): V => {
    const text = JSON.stringify(key);
    const known = map.get(text);
    if (known !== undefined) return known;
    const made = make();
    map.set(text, made);
    return made;
  };

  return {
    async run({ settings }, { path, signal, onEvent, note }) {
      const { model: name, task, problem: options, arm, seed, evaluateEvery, threads } = settings;
      const loaded = once(models, name, () => loadModel(name, sources.modelFolders));
      const texts = await once(tasks, task, () => loadTask(task, { dataDirectory: sources.dataDirectory }));
      const problem = await once(problems, [name, task, options, seed], () =>
        makeProblem(loaded, texts, { ...options, seed }, ({ model }) =>
          onnxSession(model, makeAdapter({ kind: "none" }, model), { threads }),
        ),
      );
      const { adapter, session: opening } = once(sessions, [name, arm.adapter, threads], () => {
        const made = makeAdapter(arm.adapter, loaded.model);
        return { adapter: made, session: onnxSession(loaded.model, made, { threads }) };
      });
      const session = await opening;
      const run = await trainInFile(
        {
          ...armOptions(arm, problem, adapter, session, { seed, evaluateEvery, stopMargin: null }),
          note,
          path,
          signal,
          patience: Infinity,
          clock: () => performance.now(),
          snapshotEvery: 50,
        },
        onEvent,
      );
      const best = run.best;
      const test = best === null ? null : await evaluateClassifier(session, problem.readout, best.point, problem.test);
      return {
        run,
        extra: {
          bestStep: best?.evaluation.step ?? null,
          test: test && { loss: test.loss, accuracy: test.accuracy, count: test.count },
          data: problem.origin,
          counts: problem.sample.counts,
        },
      };
    },
    async dispose() {
      for (const { session } of sessions.values()) await (await session.catch(() => null))?.dispose();
    },
  };
}

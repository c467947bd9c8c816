import { makeAdapter } from "../adapter/make-adapter";
import type { Adapter, AdapterSpec } from "../adapter/adapter";
import { loadModel } from "../engine/load-model";
import type { LoadedModel } from "../engine/load-model";
import { onnxSession } from "../engine/onnx/session";
import type { OnnxOptions, OnnxSession } from "../engine/onnx/session";
import { makeProblem } from "../experiment/problem";
import type { Problem, ProblemOptions } from "../experiment/problem";
import { loadTask } from "../task/load-task";
import type { LoadedTask, LoadOptions } from "../task/load-task";
import type { ModelName } from "../weights/locate-model";
import { environment } from "./environment";
import { registered } from "./registry";

/**
 * Opens a model by its short name from where `npm start` put it, or from ADAZETA_MODEL_DIR.
 * @throws when it is not there, saying what to install
 * @example openModel("minilm").model.layers // 6
 */
export function openModel(name: ModelName): LoadedModel {
  return loadModel(name, environment().modelFolders);
}

/**
 * Loads a task's texts: from ADAZETA_DATA_DIR, else from the hub, else the samples in data/.
 * @example (await openTask("trec")).origin.description // says which data it is
 */
export function openTask(name: string, options: LoadOptions = {}): Promise<LoadedTask> {
  return loadTask(name, { dataDirectory: environment().dataFolder, ...options });
}

/** A model with an adapter, open on ONNX Runtime. */
export interface OpenAdapter {
  readonly adapter: Adapter;
  readonly session: OnnxSession;
}

/**
 * Opens a model with an adapter in the kernel's registry: the same pair is opened once and reused by later cells; another
 * adapter in the same slot replaces it.
 * @example const { session } = await openAdapter(minilm, { kind: "lora", rank: 8, alpha: 16, targets: ["query", "value"] });
 */
export async function openAdapter(
  { name, model }: LoadedModel,
  spec: AdapterSpec,
  options: OnnxOptions = {},
): Promise<OpenAdapter> {
  const adapter = makeAdapter(spec, model.sites);
  const key = `${model.id} ${JSON.stringify(spec)} ${JSON.stringify(options)}`;
  const session = await registered(key, () => onnxSession(model, adapter, options), `${name} ${spec.kind}`);
  return { adapter, session };
}

/** Samples a task for a model, with the readout fixed; see `makeProblem`. */
export function openProblem(loaded: LoadedModel, task: LoadedTask, options: ProblemOptions): Promise<Problem> {
  return makeProblem(loaded, task, options, ({ model }) =>
    onnxSession(model, makeAdapter({ kind: "none" }, model.sites)),
  );
}

import { messageOf } from "../check/error-words";
import { knownOptions, namesOf } from "../check/known-options";
import { makeAdapter } from "../adapter/make-adapter";
import type { Adapter, AdapterSpec } from "../adapter/adapter";
import { fetchModel } from "../engine/load-model";
import type { LoadedModel } from "../engine/load-model";
import { onnxGenerator } from "../engine/onnx/generator";
import type { OnnxGenerator } from "../engine/onnx/generator";
import { onnxSession } from "../engine/onnx/session";
import { openSession } from "../engine/open-session";
import type { EngineOptions, OnnxChoice, SessionOf } from "../engine/open-session";
import { makeTrainable } from "../experiment/make-trainable";
import type { Sources } from "../experiment/open-run";
import type { OptionProblem } from "../experiment/option-problem";
import { openMapped } from "../experiment/mapped-tasks";
import { plannedTask } from "../experiment/own-tables";
import type { Problem, ProblemOptions, Trainable } from "../experiment/problem";
import { loadTask } from "../task/load-task";
import type { LoadOptions } from "../task/load-task";
import type { LoadedTask } from "../task/loaded-task";
import type { Task } from "../task/task";
import { taskNamed } from "../task/tasks";
import { downloadProgress } from "./download-progress";
import { environment } from "./environment";
import { hubSnapshot, type HubOptions } from "../weights/hub";
import { registered, unregister } from "./registry";
import { stopSignal } from "./stop-signal";

/** How a model is opened. */
export interface OpenModelOptions {
  /** Branch, tag or commit of a hub repository. Default "main". */
  readonly revision?: string;
  /** Which GGUF file of a repository that has several, by a part of its name. */
  readonly gguf?: string;
  /** Told of a download; default: a progress bar below the cell. */
  readonly on?: HubOptions["on"];
}

const MODEL_OPTIONS = namesOf<OpenModelOptions>({ revision: true, gguf: true, on: true });

/**
 * Opens a model by its short name (`knownModels()` lists them), or from a folder, a GGUF file or a hub repository
 * ("organization/name"): from where `npm start` put it, from ADAZETA_MODEL_DIR, or from the hub through its shared cache. Stop ends
 * a download; what came stays for the next time.
 * For example `(await openModel("minilm")).model.layers`: 6.
 * @throws when it is not there, saying what to do; an unknown name lists the nearest
 */
export function openModel(name: string, options: OpenModelOptions = {}): Promise<LoadedModel> {
  knownOptions("openModel", options, MODEL_OPTIONS);
  const { modelFolders, hub } = environment();
  return fetchModel(name, modelFolders, async (repository) => {
    const told = downloadProgress(repository);
    try {
      return (await hubSnapshot(repository, null, { ...hub, on: told.on, signal: stopSignal(), ...options })).folder;
    } finally {
      told.finish();
    }
  });
}

/** How a task is opened. */
export interface OpenTaskOptions extends Omit<LoadOptions, "hub"> {
  /** "auto": as the environment says (HF_ENDPOINT, HF_HUB_OFFLINE and the others); "off": none; else the address of one. Default "auto". */
  readonly hub?: string | undefined;
}

const TASK_OPTIONS = namesOf<OpenTaskOptions>({
  hub: true,
  dataDirectory: true,
  samplesDirectory: true,
  variant: true,
});

/**
 * Loads the texts of a task, by its name or as `tableTask` declares it: from ADAZETA_DATA_DIR, else from the hub through its shared cache,
 * else the samples in data/.
 * For example `(await openTask("trec")).origin.description`: says which data it is.
 */
export async function openTask(which: string | Task, opened: OpenTaskOptions = {}): Promise<LoadedTask> {
  knownOptions("openTask", opened, TASK_OPTIONS);
  const { hub = "auto", ...options } = opened;
  const task = typeof which === "string" ? taskNamed(which) : which;
  const { dataFolder, hub: known } = environment();
  const told = downloadProgress(task.hub?.repository ?? task.name);
  // A hub that does not answer is passed over, with a notice: its retries are no news.
  const on: HubOptions["on"] = (event) => (event.kind === "retry" ? undefined : told.on(event));
  const endpoint = hub === "auto" ? known.endpoint : hub.replace(/\/+$/, "");
  // The token is for the environment's hub.
  const token = endpoint === known.endpoint ? known.token : undefined;
  const settings = { ...known, endpoint, token, on, signal: stopSignal() };
  try {
    return await loadTask(task, { dataDirectory: dataFolder, ...options, hub: hub === "off" ? "off" : settings });
  } finally {
    told.finish();
  }
}

/** Where planned runs find models and tasks by name, the project's own tables among them. For example `studyRunner(plannedSources)`. */
export const plannedSources: Sources = {
  openModel: (name) => openModel(name),
  openTask: (name) => openMapped(name, (plain) => openTask(plannedTask(plain))),
};

/**
 * Loads the texts of a task as `openTask` does; null, with a line that says why, where the texts are in none of these places.
 * For example `const squad = await openTaskIfThere("squad")`: null without ADAZETA_DATA_DIR and a hub.
 */
export async function openTaskIfThere(which: string | Task, options: OpenTaskOptions = {}): Promise<LoadedTask | null> {
  try {
    return await openTask(which, options);
  } catch (error) {
    console.log(messageOf(error));
    return null;
  }
}

/** A model with an adapter, open on an engine. */
export interface OpenAdapter<O extends EngineOptions = OnnxChoice> {
  readonly adapter: Adapter;
  readonly session: SessionOf<O>;
}

/**
 * Opens a model with an adapter in the kernel's registry: the same pair is opened once and reused by later cells; another
 * adapter in the same slot replaces it; other providers have slots of their own. One that has ended, or broken down, is opened again.
 * For example `const { session } = await openAdapter(minilm, { kind: "lora", rank: 8, alpha: 16, targets: ["query", "value"] })`.
 * @param options which engine computes (ONNX Runtime by default, with `provider: "webgpu"` for a GPU; "tfjs" for a second judge), and its options
 */
export async function openAdapter<O extends EngineOptions = OnnxChoice>(
  { name, model }: LoadedModel,
  spec: AdapterSpec,
  options: O = {} as O,
): Promise<OpenAdapter<O>> {
  const adapter = makeAdapter(spec, model);
  const key = `${model.id} ${JSON.stringify(spec)} ${JSON.stringify(options)}`;
  const session = await registered(key, () => openSession(model, adapter, options), slotOf(name, spec, options));
  return { adapter, session };
}

/** Ends the engine of a model with an adapter, after the computation that it is in; the next `openAdapter` opens another. */
export function closeAdapter({ name }: LoadedModel, spec: AdapterSpec, options: EngineOptions = {}): Promise<void> {
  return unregister(slotOf(name, spec, options));
}

/** Opens what writes answers of a language model with an adapter, in the kernel's registry as `openAdapter` does: at several points at once. */
export function openWriter({ name, model }: LoadedModel, spec: AdapterSpec): Promise<OnnxGenerator> {
  const key = `${model.id} ${JSON.stringify(spec)} writer`;
  return registered(key, () => onnxGenerator(model, makeAdapter(spec, model), { threads: WRITER_THREADS }), writerSlot(name)); // prettier-ignore
}

/** Ends what writes answers of a model; the next `openWriter` opens another. */
export function closeWriter({ name }: LoadedModel): Promise<void> {
  return unregister(writerSlot(name));
}

const writerSlot = (name: string): string => `${name} writer`;
const WRITER_THREADS = 2;

function slotOf(name: string, { kind }: AdapterSpec, options: EngineOptions): string {
  const { engine = "onnx" } = options;
  const provider = "provider" in options && options.provider !== "cpu" ? ` ${options.provider}` : "";
  return `${name} ${kind} ${engine}${provider}`;
}

/** Gives the model to open sessions of, under the name of the problem's: it gives what the problem scores. */
export function scoredModel({
  loaded,
  sessionModel,
}: Pick<Trainable<unknown>, "loaded" | "sessionModel">): LoadedModel {
  return { ...loaded, model: sessionModel };
}

/**
 * Samples a task of any kind for a model, with the readout fixed; see `makeTrainable`. Its `kind` says what it is: "classes" have a
 * readout of features, "options" are choices, texts to write, and classes whose label words are several tokens. Sessions are opened of
 * its `scoredModel`. An encoder's prototypes have a fitted temperature, unless `prototypeScale` says which (20 to compare with the
 * recorded studies); `readout: "probe"` begins with a linear probe in their place, `"calibrated"` with
 * label words of which a scale and a bias are fitted on the training texts.
 * For example `(await openProblem(minilm, reviews, { ...options, readout: "probe" })).kind`: "classes".
 * @throws when the task and the model do not fit, or too few texts pass the length limit
 */
export function openProblem(
  loaded: LoadedModel,
  task: LoadedTask,
  options: ProblemOptions,
): Promise<Problem | OptionProblem> {
  // Captions have no labelled texts to fit a temperature on.
  const { prototypeScale = options.readout === "captions" ? undefined : "fitted" } = options;
  const scaled = { ...options, ...(prototypeScale !== undefined && { prototypeScale }) };
  return makeTrainable(loaded, task, scaled, ({ model }) => onnxSession(model, makeAdapter({ kind: "none" }, model)));
}

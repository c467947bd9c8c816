import { fail } from "../../check/check";
import { messageOf } from "../../check/error-words";
import type { LoadedModel } from "../../engine/load-model";
import { adapterFor } from "../../experiment/adapter-for";
import { checkObjectiveAnswered, chosenObjective } from "../../experiment/objective-choice";
import { readsClasses } from "../../experiment/make-trainable";
import type { ProblemOptions, Trainable } from "../../experiment/problem";
import { optionsToFit } from "../../experiment/shared-sizes";
import { wellSpent } from "../../experiment/well-spent";
import type { WellSpent } from "../../experiment/well-spent";
import type { Method } from "../../optimizer/method";
import { scheduleAt } from "../../schedule/schedule";
import { runRecord } from "../../table/from-training";
import { formatRate } from "../../table/number";
import { chatTask } from "../../task/chat-task";
import { tableTask } from "../../task/own-table";
import type { LoadedTask } from "../../task/loaded-task";
import type { MethodChange } from "../../train/method-change";
import { canonicalJson } from "../../train/canonical-json";
import type { Ending, EvaluationRecord } from "../../train/records";
import type { TrainEvent } from "../../train/events";
import { hasPlainSteps } from "../../train/find-rate";
import type { RateProposal } from "../../train/find-rate";
import type { Trajectory } from "../../train/trajectory";
import { bestOnDev, testOnce, testReport } from "../choose";
import { averageWords } from "../average-words";
import { checkpointOf } from "../checkpoint-of";
import { keepRun, title } from "../keep-run";
import type { LiveRun } from "../live-runs";
import { closeAdapter, openAdapter, openModel, openProblem, openTask, scoredModel } from "../open";
import { LiveHistory } from "../live-history";
import { tensorboardLog } from "../tensorboard-log";
import { plannedEnds } from "../planned-end";
import type { RunSoFar } from "../planned-end";
import type { ProgressState } from "../progress";
import { progressOf } from "../progress-of";
import { proposeRate } from "../propose-rate";
import { armOfFile } from "./arm-of-file";
import { checkExports, leave, takenExports } from "./leave";
import { WHOLE } from "./method-chosen";
import { problemOptionsOf } from "./run-file";
import type { RunFile } from "./run-file";

/** Who listens to a run without a notebook, and how it is ended. */
export interface TuneOptions {
  /** Hears what is to be said, a line each. */
  readonly tell: (line: string) => void;
  /** Hears how far the run is. */
  readonly progress?: (state: ProgressState) => void;
  /** Ends the run after its step and keeps it. */
  readonly signal: AbortSignal;
  /** Runs again what has a record; default false. */
  readonly recompute?: boolean;
  /** A folder for TensorBoard's event files, in place of the file's own. */
  readonly tensorboard?: string | undefined;
  /** Goes on with a begun run although files that decide its numbers have changed since. Default false. */
  readonly continueChanged?: boolean;
}

/** What became of a run without a notebook. */
export interface Tuned {
  /** The run as a notebook has it; null where it was passed over, or another process makes it. */
  readonly run: LiveRun | null;
  readonly problem: Trainable<unknown>;
  /** Stopped by the signal: started again it goes on. */
  readonly stopped: boolean;
  /** What did not work, a line each; empty when all did. */
  readonly failed: readonly string[];
}

/** Opens what a settings file names: model, texts and problem. */
export async function openRunFile(run: RunFile): Promise<Trainable<unknown>> {
  const { name, ...how } = typeof run.model === "string" ? { name: run.model } : run.model;
  const loaded = await openModel(name, how);
  const task = await openFileTask(run.task);
  return openSized(loaded, task, { ...problemOptionsOf(run), ...startOf(run, loaded, task) }, run.texts, "texts");
}

/**
 * Opens a problem whose texts are shared out where there are few and the file does not say all sizes.
 * @param said the sizes that it says of this very table
 * @param where it would say them
 */
async function openSized(
  loaded: LoadedModel,
  task: LoadedTask,
  options: ProblemOptions,
  said: RunFile["texts"],
  where: string,
): Promise<Trainable<unknown>> {
  const fitting = optionsToFit(loaded, task, options, said);
  const problem: Trainable<unknown> = await openProblem(loaded, task, fitting);
  const { train, dev, shots } = fitting;
  if (train === options.train && dev === options.dev && shots === options.shots) return problem;
  const read = shots === undefined ? "" : `, up to ${shots} of each class for prototypes`;
  const told = `few texts: ${String(train)} to train on, ${String(dev)} to evaluate on${read} ("${where}" in the file says otherwise)`;
  return { ...problem, notices: [...problem.notices, told] };
}

/** What a file's method starts from, where the file leaves that open and classes are read off features. */
function startOf({ method, texts }: RunFile, loaded: LoadedModel, { task }: LoadedTask): Pick<WellSpent, "readout"> {
  if (method.kind !== "well-spent" || texts?.readout !== undefined || !readsClasses(task, loaded)) return {};
  const { readout } = wellSpent(loaded.model, 1);
  return readout === undefined ? {} : { readout };
}

function openFileTask(task: RunFile["task"]): Promise<LoadedTask> {
  if (typeof task === "string") return openTask(task);
  return openTask("chat" in task ? chatTask(task.chat) : tableTask(task));
}

/** The second task of a settings file on the model of the first; undefined where it has none. */
async function openDrift(run: RunFile, { loaded }: Trainable<unknown>): Promise<Trainable<unknown> | undefined> {
  const drift = run.evaluation?.drift;
  if (drift === undefined) return undefined;
  const texts = drift.texts ?? run.texts;
  return openSized(loaded, await openFileTask(drift.task), problemOptionsOf({ ...run, texts }), drift.texts, "evaluation.drift.texts"); // prettier-ignore
}

/**
 * Makes the run of a settings file as a notebook's `runLive` does: the same loop, the same folder and record, so that a cell and the command line go on
 * with each other's runs. Then test is looked at, where it is asked for, and the best checkpoint leaves in the forms that are asked for.
 * For example `await tune(readRunFile("my-run.json"), { tell: console.log, signal })`.
 * @throws when what the file names cannot be opened, or does not fit together
 */
export async function tune(file: RunFile, options: TuneOptions): Promise<Tuned> {
  const { tell, signal } = options;
  if (file.result?.take === "average" && file.evaluation?.averageLast === undefined)
    fail("evaluation.averageLast", "a number of points, whose mean result.take asks for", "nothing");
  const problem = await openRunFile(file);
  const { evaluation = {}, seed = 0, result: { folder, exports = [], take = "best" } = {} } = file;
  const arm = armOfFile(file, problem);
  chosenObjective(problem, file.objective);
  checkAnswered(file, arm.method);
  checkExports(exports, arm.adapter, problem);
  const taken = takenExports(exports);
  for (const notice of problem.notices) tell(notice);
  tell(`${title(problem)}: ${problem.origin.description}`);
  for (const { to } of taken) tell(`${to} is there already: it will be left as it is`);

  const drift = await openDrift(file, problem);
  for (const notice of drift?.notices ?? []) tell(notice.startsWith(drift!.task.name) ? notice : `${drift!.task.name}: ${notice}`); // prettier-ignore
  const loaded = scoredModel(problem);
  const spec = adapterFor(arm.adapter, problem);
  const open = await openAdapter(loaded, spec);
  const live = new LiveHistory();
  const log = options.tensorboard ?? file.result?.tensorboard;
  const board = log === undefined ? null : tensorboardLog(log, arm.name, tell);
  const changes: readonly { readonly step: number; readonly change: MethodChange }[] = file.changes ?? [];
  const endOf = plannedEnds();
  const toldOf = (seen: RunSoFar): void => options.progress?.(progressOf(seen, endOf(seen)));
  const onEvent = (event: TrainEvent): void => {
    live.hear(event);
    board?.hear(event);
    if (event.kind === "warning") tell(event.message);
    if (event.kind === "evaluation") tell(evaluationLine(event.record, event.isBest));
    if (event.kind === "step" && live.header !== null) toldOf({ ...live, header: live.header });
  };
  const onSeen = (seen: Trajectory): void => toldOf(seen);
  const got = await keepRun(
    problem,
    arm,
    open,
    {
      seed,
      evaluateEvery: evaluation.every ?? 20,
      stopMargin: evaluation.stopMargin ?? null,
      best: evaluation.best,
      objective: file.objective,
      patience: evaluation.patience,
      averageLast: evaluation.averageLast,
      drift,
      store: folder,
      recompute: options.recompute,
      continueChanged: options.continueChanged,
    },
    {
      signal,
      steer: () => changes.filter(({ step }) => step <= live.steps.length).at(-1)?.change ?? null,
      abandon: () => void closeAdapter(loaded, spec),
    },
    { tell, onEvent, onSeen },
  ).finally(() => board?.close());
  if (got.kind !== "run") return { run: null, problem, stopped: got.kind === "left", failed: [got.message] };
  const { kept, result, reused } = got;
  const { chance } = problem;
  const record = runRecord(result, { arm: arm.name, chance });
  const run: LiveRun = { arm, ...open, kept, result, record, chance, drift };
  tell(reused ? `from the record of ${kept.id}; ${result.message}` : `${result.message}; kept in ${kept.folder}`);
  if (reused) for (const notice of leftUndone(file, result)) tell(notice);
  if (result.end.reason === "stopped") return { run, problem, stopped: true, failed: [] };
  if (result.best === null)
    return { run, problem, stopped: false, failed: ["no evaluation has a finite loss: nothing is chosen"] };
  const mean = averageWords(result);
  if (mean !== null) tell(mean);
  const chosen =
    take !== "best" ? checkpointOf(run, take) : bestOnDev([run], { by: result.header.settings.best ?? "loss" });
  const best = chosen.result.best?.evaluation;
  if (best !== undefined) tell(`${take === "average" ? "mean at" : take} ${evaluationLine(best, false)}`);
  if (evaluation.test === true) tell(testReport(problem, chosen, await testOnce(problem, chosen)));
  const failed = NOT_WELL.includes(result.end.reason) ? [`the run ended before its budget: ${result.message}`] : [];
  for (const each of exports.filter((one) => !taken.includes(one))) {
    try {
      tell(await leave(problem, chosen, each));
    } catch (error) {
      failed.push(`${each.to} (${each.as}): ${messageOf(error)}`);
    }
  }
  return { run: chosen, problem, stopped: false, failed };
}

/** Ends that nobody asked for: the best checkpoint until then leaves all the same. */
const NOT_WELL: readonly Ending["reason"][] = ["not-finite", "not-measured", "not-recorded"];

/** Checks that the method can be trained for the file's objective; of a file without a recipe it says what to name, as its parts are no words of the file's. */
function checkAnswered({ objective, method: { kind } }: RunFile, method: Method): void {
  try {
    checkObjectiveAnswered(objective, method);
  } catch (error) {
    if (kind !== "well-spent") throw error;
    const other = 'for example {"recipe": "mezo", "learningRate": 1e-2, "perturbationScale": 0.1}';
    throw new Error(`${messageOf(error)}: ${WHOLE} is such; name another recipe, ${other}`, { cause: error });
  }
}

/** Says what a file asks for that a run from its record does not have. */
function leftUndone(
  { changes = [] }: RunFile,
  { changes: made, steps }: Pick<LiveRun["result"], "changes" | "steps">,
): readonly string[] {
  const plain = (all: readonly { readonly step: number; readonly change: MethodChange }[]): string =>
    canonicalJson(all.filter(({ step }) => step < steps.length).map(({ step, change }) => ({ step, change })));
  if (plain(changes) === plain(made)) return [];
  return ["the recorded run was changed by hand otherwise than the file says; --again makes it as the file says"];
}

/**
 * Looks for a learning rate for the run of a settings file, which may leave it open; nothing is trained and nothing kept.
 * @throws as `tune` and `proposeRate`
 */
export async function proposeForFile(file: RunFile): Promise<RateProposal> {
  if (file.objective !== undefined && file.objective !== "loss")
    fail("objective", '"loss": a rate is proposed from its derivatives, which a metric has not', file.objective);
  const problem = await openRunFile(file);
  const { method } = file;
  const rated =
    method.kind === "recipe"
      ? { ...method, options: { learningRate: 1, ...method.options } }
      : method.kind === "well-spent"
        ? { learningRate: chosenRate(problem), ...method }
        : method;
  const arm = armOfFile({ ...file, method: rated }, problem);
  if (method.kind === "well-spent" && !hasPlainSteps(arm.method))
    fail("method.recipe", `one with plain steps, by its name, for example {"recipe": "mezo"}: the steps of ${WHOLE} are no plain ones, and its rate was chosen with it. Try a third and three times of it, {"learningRate": ${formatRate(chosenRate(problem))}}`, WHOLE); // prettier-ignore
  return proposeRate(problem, arm, { seed: file.seed ?? 0 });
}

/** The rate that was chosen with what spends passes best on a problem's model. */
function chosenRate({ loaded: { model } }: Trainable<unknown>): number {
  const { learningRate } = wellSpent(model, 1).method;
  return scheduleAt(learningRate, { epoch: 0, step: 0 });
}

/** Writes one line on an evaluation. @example evaluationLine({ step: 20, loss: 0.5, accuracy: 0.8, forwardPasses: 40 }, true) // "step 20 (40 forward passes): dev loss 0.5000, 80.0 % right, the best so far" */
export function evaluationLine(
  {
    step,
    loss,
    accuracy,
    objective,
    driftLoss,
    forwardPasses,
  }: Pick<EvaluationRecord, "step" | "loss" | "accuracy" | "objective" | "driftLoss" | "forwardPasses">,
  isBest: boolean,
): string {
  const right = Number.isFinite(accuracy) ? `, ${(100 * accuracy).toFixed(1)} % right` : "";
  const drift = driftLoss === undefined ? "" : `; not trained on: ${driftLoss.toFixed(4)}`;
  const trained = objective === undefined ? "" : `, trained for: ${objective.toFixed(4)}`;
  return `step ${step} (${forwardPasses} forward passes): dev loss ${loss.toFixed(4)}${right}${trained}${drift}${isBest ? ", the best so far" : ""}`;
}

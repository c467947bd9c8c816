import { knownOptions, namesOf } from "../check/known-options";
import { comparable } from "../table/rates";
import { isExact } from "../optimizer/method";
import { adapterFor } from "../experiment/adapter-for";
import type { Arm } from "../experiment/arm";
import { armTitle } from "../experiment/arms";
import type { CrewCounts } from "../cluster/crew";
import { describeCounts } from "../cluster/describe-counts";
import { checkSpread } from "../cluster/spread";
import { checkObjectiveAnswered, chosenObjective } from "../experiment/objective-choice";
import type { ObjectiveChoice } from "../experiment/objective-choice";
import type { Trainable } from "../experiment/problem";
import { objectiveFigure } from "../plot/objective";
import { runRecord } from "../table/from-training";
import { formatRate } from "../table/number";
import { describeStandstill, movementOf, pairedChange } from "../table/movement";
import type { RunRecord } from "../table/record";
import type { BestBy, ChanceLevel } from "../train/best";
import type { TrainEvent } from "../train/events";
import type { ChangeRecord } from "../train/records";
import type { MethodChange } from "../train/method-change";
import type { KeptRun } from "../train/runs";
import type { RunResult } from "../train/train";
import type { Trajectory } from "../train/trajectory";
import type { FigureHandle } from "./figure-display";
import { LiveHistory } from "./live-history";
import { averageWords } from "./average-words";
import { keepRun, title } from "./keep-run";
import type { KeepOptions } from "./keep-run";
import type { EngineOptions } from "../engine/open-session";
import { closeAdapter, openAdapter, scoredModel } from "./open";
import type { OpenAdapter } from "./open";
import { plannedEnds } from "./planned-end";
import type { RunSoFar } from "./planned-end";
import { showProgress } from "./progress";
import type { ProgressHandle } from "./progress";
import { progressOf } from "./progress-of";
import { commitNow } from "./provenance";
import { suggestedRate } from "./rates";
import { stopSignal } from "./stop-signal";
import { tensorboardLog } from "./tensorboard-log";
import { openSpreadCrew } from "./worker-crew";
import type { SpreadCrew } from "./worker-crew";
import { showLiveFigure } from "./widgets/figure-view";
import { describeChanges, showRunControls } from "./widgets/run-controls";
import type { ShownControls } from "./widgets/run-controls";

export interface LiveOptions {
  readonly seed: number;
  /** Steps between evaluations on dev; default 20. A run on a budget of forward passes has them at equal passes. */
  readonly evaluateEvery?: number;
  /** Ends a run that has diverged; null (the default) lets it go on, so that the figure shows what comes after. */
  readonly stopMargin?: number | null;
  /**
   * What is trained for in place of the task's loss: a metric of each batch by its name ("accuracy", "f1", "macro f1", "matthews"; of written answers
   * "exact match", "token f1"), or a reward (`ownReward`). It is measured on dev beside loss and accuracy.
   */
  readonly objective?: ObjectiveChoice;
  /** Which evaluation is a run's checkpoint; default: the one with the lowest loss, or the largest objective where there is one. The lower loss breaks ties. */
  readonly best?: BestBy;
  /** Ends a run when that many evaluations in a row brought no better one; default: none does. */
  readonly patience?: number;
  /** How many of the last evaluated points are averaged when a run has ended: the mean is scored on dev (`checkpointOf` takes it along). Default: none. */
  readonly averageLast?: number;
  /** Runs again what has a record; default false. */
  readonly recompute?: boolean;
  /** Goes on with a begun run although files that decide its numbers have changed since; its record says at which step. Default false. */
  readonly continueChanged?: boolean;
  readonly title?: string;
  /** A second problem of the same model that is not trained on: scored at each evaluation, recorded and drawn. What does tuning cost elsewhere? */
  readonly drift?: Trainable<unknown>;
  /** A folder for TensorBoard's event files; default: none are written. */
  readonly tensorboard?: string;
  /** Folder of the kept runs; default data/runs. */
  readonly store?: string;
  /** Computes the queries of each step on the Ray cluster with this address ("auto": this machine's) too: the same run. Default: here alone. */
  readonly ray?: string;
  /** How many workers compute queries: on the Ray, or without one as processes of this machine. Default: 4 on a Ray, else none. */
  readonly workers?: number;
}

const OPTIONS = namesOf<LiveOptions>({
  seed: true,
  evaluateEvery: true,
  stopMargin: true,
  objective: true,
  best: true,
  patience: true,
  averageLast: true,
  recompute: true,
  continueChanged: true,
  title: true,
  drift: true,
  tensorboard: true,
  store: true,
  ray: true,
  workers: true,
});
const ARM_FIELDS = namesOf<Arm>({
  name: true,
  adapter: true,
  method: true,
  budget: true,
  batchSize: true,
  dropping: true,
});

/** A run that was made in a cell or read from its record. Its session is closed once another adapter has taken its place. */
export interface LiveRun extends OpenAdapter<EngineOptions> {
  readonly arm: Arm;
  readonly result: RunResult;
  readonly record: RunRecord;
  readonly kept: KeptRun;
  /** Chance on the problem's dev texts. */
  readonly chance: ChanceLevel;
  /** What workers did for the runs of this call; absent: there were none. */
  readonly helped?: CrewCounts | undefined;
  /** The second problem, which it was not trained on; absent: there was none. */
  readonly drift?: Trainable<unknown> | undefined;
}

/**
 * Trains the arms one after another under the current cell: one figure that grows (dev loss against steps and against forward
 * passes, or the objective beside the loss) and a progress bar for each arm. Every run is kept in `data/runs` as it goes: Stop keeps it, running the cell again
 * continues it, and a finished one is shown from its record unless `recompute` is set. The task may be of any kind: classes, options,
 * texts to write. A run that another kernel or cell makes now is shown as it goes there, and taken over if that one dies. A run whose
 * record is damaged, or that was begun with other files of `src`, is named and passed over.
 * For example `const runs = await runLive(problem, [arm("AdaZeta", settings)], { seed: 0 })`.
 * @returns the runs, in the order of the arms; those after a Stop, and those passed over, are missing
 * @throws when every run was passed over, saying why and what to do, and when an option or a field of an arm is unknown
 */
export async function runLive<Batch>(
  problem: Trainable<Batch>,
  arms: readonly Arm[],
  options: LiveOptions,
): Promise<readonly LiveRun[]> {
  knownOptions("runLive", options, OPTIONS);
  for (const arm of arms) knownOptions("arm", arm, ARM_FIELDS, "the fields");
  const { ray, workers } = options;
  if (ray === undefined && workers === undefined) return liveRuns(problem, arms, options);
  for (const { method } of arms) checkSpread(method);
  const helpers = openSpreadCrew({ ray, count: workers ?? 4 }, (line) => console.log(line));
  try {
    const runs = await liveRuns(problem, arms, options, helpers);
    const helped = helpers.crew.counts();
    console.log(describeCounts(helped));
    return runs.map((run) => ({ ...run, helped }));
  } finally {
    await helpers.crew.close();
  }
}

async function liveRuns<Batch>(
  problem: Trainable<Batch>,
  arms: readonly Arm[],
  options: LiveOptions,
  helpers?: SpreadCrew,
): Promise<readonly LiveRun[]> {
  const { chance } = problem;
  chosenObjective(problem, options.objective);
  for (const { method } of arms) checkObjectiveAnswered(options.objective, method);
  const signal = stopSignal();
  const runs: LiveRun[] = [];
  /** All that the figure has to show: the runs, and what is kept of those passed over. */
  const drawn: RunRecord[] = [];
  const passedOver: string[] = [];
  const figureOf = (records: readonly RunRecord[]) =>
    objectiveFigure(records, { title: options.title ?? title(problem), origin: originOf(problem, options.seed) });
  let figure: FigureHandle | null = null;
  const draw = (records: readonly RunRecord[]): void => {
    if (figure === null) figure = showLiveFigure(figureOf(records));
    else figure.update(figureOf(records));
  };
  for (const arm of arms) {
    if (signal.aborted) break;
    const loaded = scoredModel(problem);
    const spec = adapterFor(arm.adapter, problem);
    const open = await openAdapter(loaded, spec);
    const live = new LiveHistory();
    // Shown at the first step: a run that is read from its record needs no bar.
    let progress: ProgressHandle | null = null;
    let controls: ShownControls | null = null;
    const byHand = new AbortController();
    const endOf = plannedEnds();
    const called = armTitle(arm.name);
    const label = { arm: arm.name, chance, learningRate: rateOf(arm) };
    const tell = (so: RunSoFar): void => {
      if (so.steps.length === 0) return;
      const end = endOf(so);
      progress ??= showProgress(called, end.step);
      progress.update(progressOf(so, end));
    };
    const { tensorboard } = options;
    const board = tensorboard === undefined ? null : tensorboardLog(tensorboard, arm.name, (line) => console.log(line));
    const onSeen = (seen: Trajectory): void => {
      tell(seen);
      if (seen.evaluations.length > 0) draw([...drawn, runRecord(seen, label)]);
    };
    const onEvent = (event: TrainEvent): void => {
      live.hear(event);
      board?.hear(event);
      if (event.kind === "warning") console.log(`${called}: ${event.message}`);
      if (event.kind === "step") {
        if (live.header !== null) tell({ ...live, header: live.header });
        controls ??= controlsOf(arm, live.changes, byHand);
      }
      if (event.kind !== "evaluation" || live.header === null) return;
      draw([...drawn, runRecord({ ...live, header: live.header }, label)]);
    };
    const hand = {
      steer: () => steered(controls),
      signal: AbortSignal.any([signal, byHand.signal]),
      abandon: () => void closeAdapter(loaded, spec),
    };
    const got = await keepRun(problem, arm, open, { ...keeping(arm, options), helpers }, hand, {
      tell: (line) => console.log(line),
      onEvent,
      onSeen,
    }).finally(() => board?.close());
    if (got.kind === "left") {
      finishProgress(progress, got.message);
      break;
    }
    if (got.kind === "passed over") {
      passedOver.push(`${called}: ${got.message}`);
      console.log(passedOver.at(-1));
      finishProgress(progress, got.message);
      if (got.recorded !== null) drawn.push(runRecord(got.recorded, label));
      if (got.recorded !== null) draw(drawn);
      continue;
    }
    const { kept, result, reused } = got;
    const record = runRecord(result, label);
    drawn.push(record);
    const still = await standstill(problem, arm, open, result, reused);
    if (still !== null) console.log(`${called}: ${still}`);
    runs.push({ arm, ...open, kept, result, record, chance, drift: options.drift });
    const mean = averageWords(result);
    if (mean !== null) console.log(`${called}: ${mean}`);
    // A run that ended before its first step has no bar to say why.
    if (progress === null && !reused && result.end.reason !== "finished") console.log(`${called}: ${result.message}`);
    finishProgress(progress, result.message);
    endControls(controls, result.changes);
    if (reused && result.changes.length > 0) console.log(`${called}: ${describeChanges(result.changes, arm.method)}`);
    if (reused)
      console.log(`${called}: from the record of ${kept.id} (recompute: true runs it again); ${result.message}`);
    draw(drawn);
    if (result.end.reason !== "stopped") continue;
    console.log(
      `interrupted at step ${result.end.step} of ${called}; the record is kept, run the cell again to continue`,
    );
    break;
  }
  finishFigure(figure);
  if (runs.length === 0 && passedOver.length === arms.length && arms.length > 0) throw new Error(passedOver.join("\n"));
  return runs;
}

/** What is said of a run that ended where it began; null of others, and of runs that were not trained for the loss. Dev is looked at twice more, text by text, where the run is new and its loss went less than a tenth. */
async function standstill<Batch>(
  problem: Trainable<Batch>,
  arm: Arm,
  { adapter, session }: OpenAdapter<EngineOptions>,
  { end, evaluations, point, header }: RunResult,
  reused: boolean,
): Promise<string | null> {
  const movement = movementOf(evaluations);
  if (header.settings.objective !== undefined) return null;
  if (movement === null || end.reason !== "finished" || end.step === 0) return null;
  const { first, farthest, visible } = movement;
  const close = Math.abs(farthest - first) < 0.1 * Math.abs(first);
  const perExample = async (at: Float32Array) => (await problem.evaluate(session, at, "dev", adapter.spec)).perExample;
  const paired =
    close && !reused && problem.chance.count > 1 && adapter.layout.factors === undefined
      ? pairedChange(await perExample(adapter.initial(header.settings.seed)), await perExample(point))
      : null;
  return describeStandstill(movement, paired, rateOf(arm), proposal(problem, arm, visible));
}

/** What to try where a run did not move. */
function proposal({ loaded }: Pick<Trainable<unknown>, "loaded">, { adapter, method }: Arm, visible: boolean): string {
  if (visible) return "take more steps, or more dev texts to tell a change by";
  if (isExact(method)) return "try ten times the rate, or more steps";
  if (!comparable(method))
    return "try three times the rate, or more steps: rates measured for MeZO say nothing of this method's";
  const { rate, why } = suggestedRate(loaded, adapter, method.queries);
  if (rate !== null && rate > 1.5 * rateOf({ method })) return `try ${formatRate(rate)}: ${why}`;
  return rate === null ? why : "try more steps: that rate is no smaller than the one that is suggested";
}

// Assigned in a callback, which the compiler does not see: it would take them for null.
function finishProgress(progress: ProgressHandle | null, note: string): void {
  progress?.finish(note);
}

/** The controls of an arm that goes; their Stop button aborts `byHand`. */
function controlsOf({ name, method }: Arm, changes: readonly ChangeRecord[], byHand: AbortController): ShownControls {
  const controls = showRunControls(armTitle(name), method, changes.at(-1)?.change);
  controls.signal.addEventListener("abort", () => byHand.abort());
  return controls;
}

function steered(controls: ShownControls | null): MethodChange | null {
  return controls?.steer() ?? null;
}

function endControls(controls: ShownControls | null, changes: readonly ChangeRecord[]): void {
  controls?.end(changes);
}

function finishFigure(figure: FigureHandle | null): void {
  figure?.finish();
}

/** A run that takes more steps for the same passes is evaluated as often per pass. */
function keeping({ budget }: Arm, { evaluateEvery = 20, stopMargin = null, ...options }: LiveOptions): KeepOptions {
  return {
    ...options,
    stopMargin,
    evaluateEvery: budget.kind === "forward-passes" ? 4 * evaluateEvery : evaluateEvery,
  };
}

/** The learning rate that the arm itself runs at, where it is constant. */
function rateOf({ method }: Pick<Arm, "method">): number {
  return method.learningRate.kind === "constant" ? method.learningRate.value : 0;
}

/** Gives the caption of figures made from runs of a problem. */
export function originOf(problem: Pick<Trainable<unknown>, "loaded" | "origin">, ...seeds: readonly number[]) {
  const { loaded, origin } = problem;
  const date = new Date().toISOString().slice(0, 10);
  return { kind: "measured", date, model: loaded.title, data: origin.description, seeds, commit: commitNow() } as const;
}

import { createHash } from "node:crypto";
import type { Arm } from "../experiment/arm";
import type { Trainable } from "../experiment/problem";
import { armOptions } from "../experiment/run-arm";
import { lossByStepsAndPasses } from "../plot/loss";
import { passKindOf } from "../estimator/estimate";
import { forwardPasses } from "../schedule/forward-passes";
import { runRecord } from "../table/from-training";
import type { RunRecord } from "../table/record";
import { canonicalJson } from "../train/canonical-json";
import type { ChanceLevel } from "../train/best";
import type { TrainEvent } from "../train/events";
import type { ChangeRecord, EvaluationRecord, Header, StepRecord } from "../train/records";
import type { MethodChange } from "../train/steering";
import { deleteRun, findRun, keepSummary, listRuns, newRun } from "../train/runs";
import type { KeptRun } from "../train/runs";
import { headerOf } from "../train/train";
import type { RunResult, TrainOptions } from "../train/train";
import { trainInFile } from "../train/train-in-file";
import type { FigureHandle } from "./figure-display";
import { engineFor } from "../engine/open-session";
import type { EngineOptions } from "../engine/open-session";
import { closeAdapter, openAdapter, scoredModel } from "./open";
import type { OpenAdapter } from "./open";
import { showProgress } from "./progress";
import type { ProgressHandle } from "./progress";
import { commitNow, machineNow } from "./provenance";
import { stopSignal } from "./stop-signal";
import { showLiveFigure } from "./widgets/figure-view";
import { describeChanges, showRunControls } from "./widgets/run-controls";
import type { ShownControls } from "./widgets/run-controls";

/** Where interactive runs are kept; git-ignored. */
export const RUNS = "data/runs";

export interface LiveOptions {
  readonly seed: number;
  /** Steps between evaluations on dev; default 20. A run on a budget of forward passes has them at equal passes. */
  readonly evaluateEvery?: number;
  /** Ends a run that has diverged; null (the default) lets it go on, so that the figure shows what comes after. */
  readonly stopMargin?: number | null;
  /** Which evaluation is a run's checkpoint; default: the one with the lowest loss. By "accuracy" the lower loss breaks ties. */
  readonly best?: "loss" | "accuracy";
  /** Runs again what has a finished record; default false. */
  readonly recompute?: boolean;
  readonly title?: string;
  /** Folder of the kept runs; default data/runs. */
  readonly store?: string;
}

/** A run that was made in a cell or read from its record. Its session is closed once another adapter has taken its place. */
export interface LiveRun extends OpenAdapter<EngineOptions> {
  readonly arm: Arm;
  readonly result: RunResult;
  readonly record: RunRecord;
  readonly kept: KeptRun;
  /** Chance on the problem's dev texts. */
  readonly chance: ChanceLevel;
}

/** What a kept run says of itself in its trajectory's header. */
export interface RunNote {
  readonly arm: string;
  readonly problem: string;
  readonly chanceLoss: number;
  /** Dev texts, which say how much of a loss is luck. */
  readonly devTexts: number;
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
}

/**
 * Trains the arms one after another under the current cell: one figure that grows (dev loss against steps and against forward
 * passes) and a progress bar for each arm. Every run is kept in `data/runs` as it goes: Stop keeps it, running the cell again
 * continues it, and a finished one is shown from its record unless `recompute` is set. The task may be of any kind: classes, options,
 * texts to write.
 * @returns the runs, in the order of the arms; those after a Stop are missing
 * @example const runs = await runLive(problem, [arm("AdaZeta", settings)], { seed: 0 });
 */
export async function runLive<Batch>(
  problem: Trainable<Batch>,
  arms: readonly Arm[],
  options: LiveOptions,
): Promise<readonly LiveRun[]> {
  const { chance } = problem;
  const signal = stopSignal();
  const runs: LiveRun[] = [];
  const figureOf = (records: readonly RunRecord[]) =>
    lossByStepsAndPasses(records, { title: options.title ?? title(problem), origin: originOf(problem, options.seed) });
  let figure: FigureHandle | null = null;
  const draw = (records: readonly RunRecord[]): void => {
    if (figure === null) figure = showLiveFigure(figureOf(records));
    else figure.update(figureOf(records));
  };
  for (const arm of arms) {
    if (signal.aborted) break;
    const loaded = scoredModel(problem);
    const open = await openAdapter(loaded, arm.adapter, engineFor(arm.method));
    const live = new LiveHistory();
    // Shown at the first step: a run that is read from its record needs no bar.
    let progress: ProgressHandle | null = null;
    let controls: ShownControls | null = null;
    const byHand = new AbortController();
    const steps = plannedSteps(arm);
    const totalForwardPasses = plannedPasses(arm, problem);
    const onEvent = (event: TrainEvent): void => {
      live.hear(event);
      if (event.kind === "warning") console.log(`${arm.name}: ${event.message}`);
      if (event.kind === "step") {
        progress ??= showProgress(arm.name, steps);
        controls ??= controlsOf(arm, byHand);
        const { step, forwardPasses, loss } = event.record;
        progress.update({ step, steps, forwardPasses, totalForwardPasses, loss });
      }
      if (event.kind !== "evaluation" || live.header === null) return;
      const now = runRecord({ ...live, header: live.header }, { arm: arm.name, chance, learningRate: rateOf(arm) });
      draw([...runs.map(({ record }) => record), now]);
    };
    const hand = {
      steer: () => steered(controls),
      signal: AbortSignal.any([signal, byHand.signal]),
      abandon: () => void closeAdapter(loaded, arm.adapter, engineFor(arm.method)),
    };
    const { kept, result, reused } = await keptRun(problem, arm, open, options, hand, onEvent);
    const record = runRecord(result, { arm: arm.name, chance, learningRate: rateOf(arm) });
    runs.push({ arm, ...open, kept, result, record, chance });
    finishProgress(progress, result.message);
    endControls(controls, result.changes);
    if (reused && result.changes.length > 0) console.log(`${arm.name}: ${describeChanges(result.changes)}`);
    if (reused)
      console.log(`${arm.name}: from the record of ${kept.id} (recompute: true runs it again); ${result.message}`);
    draw(runs.map((run) => run.record));
    if (result.end.reason !== "stopped") continue;
    console.log(
      `interrupted at step ${result.end.step} of ${arm.name}; the record is kept, run the cell again to continue`,
    );
    break;
  }
  finishFigure(figure);
  return runs;
}

// Assigned in a callback, which the compiler does not see: it would take them for null.
function finishProgress(progress: ProgressHandle | null, note: string): void {
  progress?.finish(note);
}

/** The controls of an arm that goes; their Stop button aborts `byHand`. */
function controlsOf({ name, method }: Arm, byHand: AbortController): ShownControls {
  const controls = showRunControls(name, method);
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

async function keptRun<Batch>(
  problem: Trainable<Batch>,
  arm: Arm,
  { adapter, session }: OpenAdapter,
  options: LiveOptions,
  hand: Pick<TrainOptions<never>, "steer" | "signal" | "abandon">,
  onEvent: (event: TrainEvent) => void,
): Promise<{ readonly kept: KeptRun; readonly result: RunResult; readonly reused: boolean }> {
  const { seed, evaluateEvery = 20, stopMargin = null, best, store = RUNS } = options;
  const note: RunNote = {
    arm: arm.name,
    problem: title(problem),
    chanceLoss: problem.chance.loss,
    devTexts: problem.chance.count,
    date: new Date().toISOString(),
    commit: commitNow(),
    machine: machineNow(),
  };
  const basic = armOptions(arm, problem, adapter, session, {
    seed,
    evaluateEvery: evaluateEvery * stretch(arm),
    stopMargin,
    best,
  });
  const { settings, identity, start } = headerOf(basic);
  const hash = createHash("sha256").update(canonicalJson({ settings, identity, start })).digest("hex").slice(0, 8);
  const name = `${arm.name} ${hash}`;
  const known = listRuns(store).find(({ id }) => id.endsWith(hash));
  if (known && options.recompute === true) deleteRun(store, known.id);
  const kept = known && options.recompute !== true ? findRun(store, known.id) : newRun(store, name);
  let steps = 0;
  const result = await trainInFile(
    { ...basic, note, clock: () => performance.now(), ...hand, path: kept.path, snapshotEvery: 100 },
    (event) => {
      if (event.kind === "step") steps++;
      onEvent(event);
    },
  );
  keepSummary(kept, name, result);
  return { kept, result, reused: known !== undefined && steps === 0 };
}

/** What a run has left so far, from its events. */
class LiveHistory {
  header: Header | null = null;
  readonly steps: StepRecord[] = [];
  readonly evaluations: EvaluationRecord[] = [];

  hear(event: TrainEvent): void {
    if (event.kind === "start") {
      this.header = event.header;
      this.steps.push(...event.steps);
      this.evaluations.push(...event.evaluations);
    } else if (event.kind === "step") this.steps.push(event.record);
    else if (event.kind === "evaluation") this.evaluations.push(event.record);
  }
}

/** A run that takes more steps for the same passes is evaluated as often per pass. */
function stretch(arm: Arm): number {
  return arm.budget.kind === "forward-passes" ? 4 : 1;
}

/** The learning rate that the arm itself runs at, where it is constant. */
function rateOf({ method }: Arm): number {
  return method.learningRate.kind === "constant" ? method.learningRate.value : 0;
}

function plannedPasses({ budget, method, batchSize }: Arm, problem: Trainable<unknown>): number {
  if (budget.kind === "forward-passes") return budget.forwardPasses;
  return forwardPasses(
    method.queries,
    budget.steps,
    problem.batches(batchSize).stepsPerEpoch,
    passKindOf(method.estimator),
  );
}

function plannedSteps({ budget }: Arm): number {
  return budget.kind === "steps" ? budget.steps : Math.ceil(budget.forwardPasses / 2);
}

/** What a figure of a problem's runs is called. */
export function title({ task, loaded }: Pick<Trainable<unknown>, "task" | "loaded">): string {
  return `${task.name.toUpperCase()} on ${loaded.title}`;
}

/** The caption of figures made from runs of a problem. */
export function originOf(problem: Pick<Trainable<unknown>, "loaded" | "origin">, ...seeds: readonly number[]) {
  const { loaded, origin } = problem;
  const date = new Date().toISOString().slice(0, 10);
  return { kind: "measured", date, model: loaded.title, data: origin.description, seeds, commit: commitNow() } as const;
}

import { fail, positiveInteger, sameLength } from "../check/check";
import { messageOf } from "../check/error-words";
import type { Objective } from "../estimator/objective";
import type { State } from "../estimator/state";
import { plainHere } from "../estimator/direction";
import { sampleDirections } from "../estimator/directions";
import { createWorkspace } from "../estimator/workspace";
import { checkMethodAnswered, checkMethodFits } from "../optimizer/method";
import { step as takeStep } from "../optimizer/step";
import { accumulatedPoint } from "../optimizer/transforms/accumulation";
import type { StepOutcome } from "../optimizer/step";
import { firstNotFinite } from "../tree/layout";
import type { Layout } from "../tree/layout";
import { averagedEvaluations, meanPoint } from "./average";
import { bestOf, collapsedRun, describeCollapse } from "./best";
import type { ChanceLevel } from "./best";
import { CHECKED_STEPS, describeAscent, riseAlong } from "./descent";
import { describeEnd } from "./events";
import type { TrainEvent } from "./events";
import { fingerprintLayout, fingerprintPoint } from "./fingerprint";
import type { LineSink } from "./line-file";
import {
  evaluationDue,
  finalEnding,
  notFiniteEvaluation,
  notFiniteStep,
  stepRecord,
  tryAppend,
  unlessNotMeasured,
  unlessStopped,
} from "./loop-parts";
import type { ChangeRecord, EndRecord, Ending, EvaluationRecord, Header, RunIdentity } from "./records";
import type { Walked, Waypoint } from "./replay";
import type { TrainingHistory } from "./run-history";
import { requireRunMemory } from "./run-memory";
import { checkSettings, spent } from "./settings";
import { standAt } from "./replay";
import type { RunSettings } from "./settings";
import type { SourceHashes } from "./sources";
import { changeRecord, methodAt } from "./steering";
import type { MethodChange } from "./method-change";
import { isConstantOutput, stopBy } from "./stop-rules";

/** The result of an evaluation on dev: mean loss in nats, share of correct answers, and what it cost (default: 1 pass). */
export interface Evaluation {
  readonly loss: number;
  readonly accuracy: number;
  readonly forwardPasses?: number;
  /** Cross-entropy over options, where the loss is another one. */
  readonly optionLoss?: number | undefined;
  /** What is trained in place of the loss: larger is better. */
  readonly objective?: number | undefined;
  /** On a second task that is not trained on. */
  readonly driftLoss?: number | undefined;
  readonly driftAccuracy?: number | undefined;
}

export interface TrainOptions<Batch> {
  readonly settings: RunSettings;
  readonly identity: RunIdentity;
  /** Where the run starts [d]; it is not written to. */
  readonly start: Float32Array;
  readonly layout: Layout;
  readonly objective: Objective<Batch>;
  /**
   * Asked before each step, with the run so far: gives what that step asks in place of `objective`, for losses that are computed elsewhere. Default:
   * `objective` itself.
   */
  readonly asking?: ((so: Walked) => Objective<Batch>) | undefined;
  /** The batch of the step with that index (from 0): a function of the index alone, so that a resumed run sees the same. */
  readonly batchAt: (step: number) => Batch | Promise<Batch>;
  readonly evaluate: (point: Float32Array) => Promise<Evaluation>;
  /** Milliseconds from any origin, e.g. `performance.now`. */
  readonly clock: () => number;
  readonly signal?: AbortSignal | undefined;
  /**
   * Milliseconds that the signal leaves to the step or evaluation in progress; then it is abandoned, and the run ends with the
   * steps before it. Default: 1000; Infinity waits for it.
   */
  readonly patience?: number;
  /** Called when a step or evaluation is abandoned: ends what still computes for it. */
  readonly abandon?: () => void;
  /** Where the trajectory goes, line by line; default: nowhere. */
  readonly sink?: LineSink | undefined;
  /** What happened before, when a run is resumed. */
  readonly past?: PastRun | undefined;
  /**
   * Asked before each step: what is wanted in place of the settings' method from here on; null leaves everything as it is. What
   * changes is written to the trajectory, so that a replay changes it at the same step.
   */
  readonly steer?: (() => MethodChange | null) | undefined;
  /** Chance on dev, where it is known: a loss that only came down towards it is told, and is no checkpoint. */
  readonly chance?: ChanceLevel | undefined;
  /**
   * Looks along each of the first steps whether its training loss rises (`riseAlong`), and tells a run in which it does so in all of
   * them. Two forward passes a step, which are no part of the run and are not counted; default: no. For estimators that are not this
   * project's.
   */
  readonly checkDescent?: boolean;
  /** Kept in the trajectory's header; does not change the numbers. */
  readonly note?: unknown;
  /** Hashes of the project's files that decide the numbers, kept in the header; null or absent: not known. */
  readonly sources?: SourceHashes | null | undefined;
}

/** A run so far: enough to continue it. */
export interface PastRun extends TrainingHistory {
  readonly point: Float32Array;
  /** What the method carries on from the last step; absent: its start. */
  readonly state?: State | undefined;
  readonly best: Checkpoint | null;
  /** The points of the last evaluations, where their mean will be wanted. */
  readonly recent?: readonly Waypoint[];
}

/** The point [d] at the best evaluation so far: nothing writes to its memory any more. */
export interface Checkpoint {
  readonly point: Float32Array;
  readonly evaluation: EvaluationRecord;
  /** The steps of whose points it is the mean; absent: it is where the run stood after the evaluation's step. */
  readonly averaged?: readonly number[];
}

export interface RunResult extends TrainingHistory {
  readonly end: EndRecord;
  /** One sentence on how it ended. */
  readonly message: string;
  /** The last point with finite numbers [d]; before the first step the start itself. */
  readonly point: Float32Array;
  readonly best: Checkpoint | null;
  /** The mean of the last evaluated points, or the running one [d], which `average` says of what it is; absent where none was asked for. */
  readonly averagedPoint?: Float32Array;
}

type HeaderOptions = Pick<TrainOptions<never>, "settings" | "identity" | "start" | "layout" | "note" | "sources">;

/** Gives the first line of the trajectory that these options make. */
export function headerOf(options: HeaderOptions): Header {
  const { settings, identity, layout, sources = null, note = null } = options;
  const start = {
    parameters: options.start.length,
    layout: fingerprintLayout(layout),
    fingerprint: fingerprintPoint(options.start),
    ...drawnBy(options),
  };
  const known = sources === null ? {} : { sources };
  return { kind: "header", format: "adazeta-trajectory", version: 1, settings, identity, start, ...known, note };
}

/** The fingerprint of a run's first direction, where its settings do not say all of how it is drawn. */
function drawnBy({ settings, start, layout }: HeaderOptions): { readonly drawn?: string } {
  const z = sampleDirections(settings.method.directions, { ...plainHere(settings.seed, 0, 0, start), layout });
  return z === null ? {} : { drawn: fingerprintPoint(z) };
}

/**
 * Checks what a run is made of, before any work and before anything is written.
 * @throws naming the setting that makes no sense, or the part of the method that does not fit the tensors or the engine
 */
export function checkRun<Batch>({
  settings,
  start,
  layout,
  objective,
}: Pick<TrainOptions<Batch>, "settings" | "start" | "layout" | "objective">): void {
  checkSettings(settings);
  positiveInteger("start.length (trainable parameters)", start.length);
  sameLength("start", start.length, layout.size);
  checkMethodFits(settings.method, layout);
  checkMethodAnswered(settings.method, objective);
  requireRunMemory(settings.method, layout);
  if (settings.averageLast !== undefined && momentumOf(settings.method) !== undefined)
    fail("settings.averageLast", "none beside accumulation, whose running mean is scored in its place", settings.averageLast); // prettier-ignore
  if (layout.factors !== undefined && settings.averageLast !== undefined)
    fail("settings.averageLast", "none for changes in factors: those of two steps may belong to other weights", settings.averageLast); // prettier-ignore
  if (layout.factors !== undefined && objective.base === undefined)
    fail("objective", "an engine that folds changes into the weights it holds (onnx, reference)", "another");
}

/**
 * Trains (by forward passes alone, unless the method is first-order) and tells what happens: `for await (const event of trainEvents(options)) ...`.
 * Each step's line is written before its event is given. The generator returns the `RunResult`; leaving the loop early
 * leaves a trajectory that can be resumed.
 * @throws what `evaluate`, `batchAt` or the objective throw, unless the stop signal was given; the record keeps all steps before
 */
export async function* trainEvents<Batch>(options: TrainOptions<Batch>): AsyncGenerator<TrainEvent, RunResult, void> {
  const { settings, layout, objective, evaluate, batchAt, clock, signal, past } = options;
  const leaving = { signal, patience: options.patience ?? 1000, abandon: options.abandon ?? (() => undefined) };
  checkRun(options);
  const workspace = createWorkspace(layout.size);
  const header = past?.header ?? headerOf(options);
  const choosing = { by: settings.best, chance: options.chance };
  const steps = [...(past?.steps ?? [])];
  const evaluations = [...(past?.evaluations ?? [])];
  const changes = [...(past?.changes ?? [])];
  let point = past?.point ?? options.start;
  let state = past?.state;
  /** Where the last two steps led: the memory of the earlier one takes the next point, unless it is the best one's. */
  const passed: StepOutcome[] = [];
  let best = past?.best ?? null;
  const { averageLast = 0 } = settings;
  const recent = [...(past?.recent ?? [])];
  let forwardPasses = steps.at(-1)?.forwardPasses ?? 0;
  let warned = steps.some(isConstantOutput);
  let refused: string | null = null;
  let flattened = false;
  const before = Math.max(steps.at(-1)?.elapsedMs ?? 0, evaluations.at(-1)?.elapsedMs ?? 0);
  const begin = clock();
  const elapsed = (): number => before + clock() - begin;
  const record = (line: Parameters<typeof tryAppend>[1]): Ending | null => tryAppend(options.sink, line);
  const change = (wanted: ChangeRecord): Ending | null => {
    changes.push(wanted);
    return record(wanted);
  };
  const rises: number[] = [];
  const looks = (step: number): boolean =>
    options.checkDescent === true && layout.factors === undefined && step < CHECKED_STEPS;
  const takeOne = async (step: number, epoch: number) => {
    const batch = await batchAt(step);
    const method = methodAt(settings.method, changes, step);
    const over = passed.length === 2 && passed[0]?.point !== best?.point ? passed[0] : undefined;
    const at = { seed: settings.seed, step, epoch, layout, batch, batchAt, workspace, over };
    const asked = options.asking?.({ header, steps, changes }) ?? objective;
    const taken = await takeStep(method, asked, point, { ...at, ...(state && { state }) });
    if (looks(step)) rises.push(await riseAlong(objective, point, taken.point, batch));
    return taken;
  };
  const stopped = (): boolean => signal?.aborted === true;

  yield {
    kind: "start",
    header,
    steps: steps.slice(),
    evaluations: evaluations.slice(),
    changes: changes.slice(),
    ...(past?.average && { average: past.average }),
  };
  if (objective.base !== undefined)
    await standAt(objective.base, past ?? { header, steps, changes }, options.start, layout, settings.method);
  const ended = finalEnding(past?.end ?? null);
  let ending: Ending | null = past === undefined ? record(header) : ended;
  while (ending === null) {
    const step = steps.length;
    const method = methodAt(settings.method, changes, step);
    const ran = settings.budget.kind === "minutes" ? elapsed() : 0;
    const done = spent({ ...settings, method }, step, forwardPasses, ran);
    ending =
      notFiniteEvaluation(evaluations.at(-1), steps.at(-1)) ?? stopBy(settings.stop, steps, evaluations, choosing);
    if (ending === null && stopped()) {
      // What was moved during the last step holds when the run is continued.
      const wanted = steered(options, changes, step);
      ending = wanted?.kind === "change" ? change(wanted) : null;
      ending ??= { reason: "stopped" };
      if (wanted?.kind === "change") yield { kind: "change", record: wanted };
    }
    if (ending !== null) break;
    if (evaluations.at(-1)?.step !== step && evaluationDue(settings, step, done)) {
      const found = await unlessNotMeasured(unlessStopped(evaluate(point), leaving));
      if (found === "stopped") continue;
      if ("reason" in found) {
        ending = found;
        break;
      }
      const evaluationPasses = (evaluations.at(-1)?.evaluationPasses ?? 0) + (found.forwardPasses ?? 1);
      const { loss, accuracy, optionLoss, objective: reached, driftLoss, driftAccuracy } = found;
      const line: EvaluationRecord = {
        kind: "evaluation",
        step,
        loss,
        accuracy,
        ...(optionLoss !== undefined && { optionLoss }),
        ...(reached !== undefined && { objective: reached }),
        ...(driftLoss !== undefined && { driftLoss }),
        ...(driftAccuracy !== undefined && { driftAccuracy }),
        forwardPasses,
        evaluationPasses,
        elapsedMs: elapsed(),
      };
      evaluations.push(line);
      const isBest = bestOf(evaluations, choosing) === line;
      if (isBest) best = { point, evaluation: line };
      if (averagedEvaluations([line], averageLast).length > 0) {
        recent.push({ step, point: point.slice() });
        if (recent.length > averageLast) recent.shift();
      }
      ending = record(line);
      yield { kind: "evaluation", record: line, isBest };
      const collapse = options.chance && !flattened ? collapsedRun(evaluations, options.chance) : null;
      if (collapse !== null && options.chance) {
        flattened = true;
        const message = describeCollapse(collapse, evaluations[0], options.chance);
        yield { kind: "warning", about: "collapse", message };
      }
    } else if (done) {
      ending = { reason: "finished" };
    } else {
      const wanted = steered(options, changes, step);
      if (wanted?.kind === "change") {
        ending = change(wanted);
        yield { kind: "change", record: wanted };
        continue;
      }
      if (wanted !== null && wanted.message !== refused)
        yield { kind: "warning", about: "change", message: (refused = wanted.message) };
      const epoch = Math.floor(step / settings.stepsPerEpoch);
      const outcome = await unlessNotMeasured(unlessStopped(takeOne(step, epoch), leaving));
      if (outcome === "stopped") continue;
      if ("reason" in outcome) {
        ending = outcome;
        break;
      }
      forwardPasses += outcome.estimate.forwardPasses;
      const line = stepRecord(outcome, step + 1, epoch, forwardPasses, elapsed(), steps.at(-1));
      ending = notFiniteStep(line, () => outcome.estimate.notFinite ?? firstNotFinite(layout, workspace.gradient));
      if (ending !== null) break;
      ({ point, state } = outcome);
      passed.push({ point, state });
      if (passed.length > 2) passed.shift();
      steps.push(line);
      ending = record(line);
      yield { kind: "step", record: line, point, state };
      const ascent = looks(step) ? describeAscent(rises) : null;
      if (ascent !== null) yield { kind: "warning", about: "ascent", message: ascent };
      if (!warned && isConstantOutput(line)) {
        warned = true;
        const what = line.gradientNorm === 0 ? "derivative" : "projected gradient";
        const message =
          settings.objective === undefined
            ? `constant output: every ${what} of step ${line.step} is exactly 0, so nothing moves`
            : `every ${what} of step ${line.step} is exactly 0: the objective is the same at all its points, and a larger perturbation scale sees farther`;
        yield { kind: "warning", about: "constant-output", message };
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  let { average } = past ?? {};
  const momentum = momentumOf(settings.method);
  const averaged = (): Float32Array | null =>
    momentum !== undefined
      ? accumulatedPoint(state)
      : recent.length === 0
        ? null
        : meanPoint(recent.map((each) => each.point));
  const toScore = average === undefined && ended === null && finalEnding(ending) !== null ? averaged() : null;
  if (toScore !== null) {
    const found = await unlessNotMeasured(unlessStopped(evaluate(toScore), leaving));
    if (found === "stopped") ending = { reason: "stopped" };
    else if ("reason" in found) ending = found;
    else {
      const { loss, accuracy, optionLoss, forwardPasses: passes = 1 } = found;
      average = {
        kind: "average",
        steps: momentum === undefined ? recent.map(({ step }) => step) : [steps.length],
        ...(momentum !== undefined && { momentum }),
        loss,
        accuracy,
        ...(optionLoss !== undefined && { optionLoss }),
        evaluationPasses: (evaluations.at(-1)?.evaluationPasses ?? 0) + passes,
        elapsedMs: elapsed(),
      };
      ending = record(average) ?? ending;
      yield { kind: "average", record: average };
    }
  }
  const end = ended ?? { kind: "end", step: steps.length, forwardPasses, elapsedMs: elapsed(), ...ending };
  if (ended === null && end.reason !== "not-recorded") record(end);
  const message = describeEnd(end);
  yield { kind: "end", record: end, message };
  const meanNow = average && averaged();
  const mean = average && { average, ...(meanNow && { averagedPoint: meanNow }) };
  return { header, end, message, point, best, steps, evaluations, changes, ...mean };
}

/** m of the running mean that a method carries. */
function momentumOf({ transforms }: RunSettings["method"]): number | undefined {
  return transforms.flatMap((link) => (link.kind === "accumulation" ? [link.momentum] : []))[0];
}

/** The change that is wanted before this step; one that makes no sense is refused in words and the run goes on as it was. */
function steered(
  { settings, steer, layout }: Pick<TrainOptions<never>, "settings" | "steer" | "layout">,
  changes: readonly ChangeRecord[],
  step: number,
): ChangeRecord | { readonly kind: "refused"; readonly message: string } | null {
  const change = steer?.() ?? null;
  if (change === null) return null;
  try {
    const record = changeRecord(settings.method, changes, step, change);
    if (record !== null) checkMethodFits(methodAt(settings.method, [...changes, record], step), layout);
    return record;
  } catch (error) {
    return { kind: "refused", message: `a change of the method is not made: ${messageOf(error)}` };
  }
}

/**
 * Trains to the end and returns the result; `onEvent` hears of every step.
 * For example `(await train({ settings, identity, start, layout, objective, batchAt, evaluate, clock })).message`: "finished after step 240 ...".
 */
export async function train<Batch>(
  options: TrainOptions<Batch>,
  onEvent: (event: TrainEvent) => void = () => undefined,
): Promise<RunResult> {
  return drain(trainEvents(options), onEvent);
}

/** Runs a generator of events to its end and returns its result. */
export async function drain(
  events: AsyncGenerator<TrainEvent, RunResult, void>,
  onEvent: (event: TrainEvent) => void,
): Promise<RunResult> {
  for (;;) {
    const next = await events.next();
    if (next.done === true) return next.value;
    onEvent(next.value);
  }
}

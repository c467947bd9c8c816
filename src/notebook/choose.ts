import { makeAdapter } from "../adapter/make-adapter";
import { fail } from "../check/check";
import { knownOptions, knownWord, namesOf } from "../check/known-options";
import { adapterFor } from "../experiment/adapter-for";
import { frozenProbe } from "../experiment/frozen-probe";
import { isProblem, withReadout } from "../experiment/problem";
import type { Scores, Trainable } from "../experiment/problem";
import { armTitle } from "../experiment/arms";
import { LOSS, trainedFor } from "../table/record";
import { formatNumber } from "../table/number";
import { intervalText } from "../table/summary";
import { promptOf } from "../task/classifier-prompt";
import { readingOf } from "../task/reading";
import type { Task } from "../task/task";
import { saveClassifier } from "../task/saved-classifier";
import type { SavedClassifier } from "../task/saved-classifier";
import type { SavedAdapter } from "../weights/adapter-file";
import { isReplayable } from "../optimizer/method";
import { BEST_BY, beyondLuck, bestOf, collapsedRun, describeCollapse, isBetter } from "../train/best";
import type { BestBy } from "../train/best";
import { formedWeights, replay, standAt } from "../train/replay";
import { readTrajectory } from "../train/trajectory";
import type { LiveRun } from "./live-runs";
import { openAdapter, scoredModel } from "./open";
import { askedOf } from "./problem-display";

/** How `bestOnDev` chooses. */
export interface ChoiceOnDev {
  /** Default "loss", or "objective" of runs that were trained for another one; by that or "accuracy" the lower loss breaks ties. */
  readonly by?: BestBy;
}

const OPTIONS = namesOf<ChoiceOnDev>({ by: true });

/**
 * Gives the run whose best checkpoint has the lowest loss on dev, or the highest accuracy. A loss that only came down towards a constant
 * answer's, while accuracy fell, is not chosen by (`isCollapse`): a line says which runs that holds for. Where the choice is by
 * accuracy the checkpoint is walked to again from the run's record.
 * For example `bestOnDev(runs, { by: "accuracy" }).result.best?.evaluation.accuracy`: 0.73.
 * @throws when an option or what is chosen by is unknown, no run has what is chosen by, runs were trained for different objectives that it is chosen by, no run has an evaluation, or a first-order run's best evaluation by accuracy has no checkpoint
 */
export function bestOnDev(runs: readonly LiveRun[], options: ChoiceOnDev = {}): LiveRun {
  knownOptions("bestOnDev", options, OPTIONS);
  const { by = usualOf(runs) } = options;
  checkBy(by, runs);
  const candidates = runs.flatMap((run) => {
    const evaluation = bestOf(run.result.evaluations, { by, chance: run.chance });
    return evaluation === null ? [] : [{ run, evaluation }];
  });
  for (const run of by === "loss" ? runs : []) {
    const { evaluations } = run.result;
    const collapse = collapsedRun(evaluations, run.chance);
    if (collapse !== null)
      console.log(
        `${armTitle(run.arm.name)}: that checkpoint is not chosen: ${describeCollapse(collapse, evaluations[0], run.chance)}`,
      );
  }
  const [first, ...rest] = candidates;
  if (first === undefined)
    throw new Error(`runs: expected a run with a finite dev loss, got ${runs.map(endOf).join("; ") || "no run"}`);
  const { run, evaluation } = rest.reduce((a, b) => (isBetter(by, b.evaluation, a.evaluation) ? b : a), first);
  if (by !== "objective" && evaluation.loss >= beyondLuck(run.chance)) {
    const where = `${armTitle(run.arm.name)}, step ${evaluation.step}`;
    const { loss, count } = run.chance;
    console.log(
      beyondLuck(run.chance) <= 0
        ? `${where}: dev, ${count} text${count === 1 ? "" : "s"} with a best constant answer's loss of ${loss.toFixed(3)}, is too small or too much of one class to say whether it learned`
        : `${where}: its dev loss, ${evaluation.loss.toFixed(3)}, is not below the best constant answer's, ` +
            `${loss.toFixed(3)}, by more than luck on ${count} texts (${beyondLuck(run.chance).toFixed(3)}): nothing says that it learned`,
    );
  }
  if (evaluation.step === run.result.best?.evaluation.step) return run;
  return { ...run, result: { ...run.result, best: { evaluation, point: pointAt(run, evaluation.step) } } };
}

/** Whether runs can be chosen among by something: that they have it, and that it is one thing. */
function checkBy(by: BestBy, runs: readonly LiveRun[]): void {
  knownWord("by", by, BEST_BY);
  if (by === "loss" || runs.length === 0) return;
  const has = ({ result }: LiveRun): boolean => result.evaluations.some((one) => Number.isFinite(one[by] ?? NaN));
  if (by === "accuracy" && !runs.some(has)) fail("by", "what the runs were scored by (this task has no accuracy)", by);
  const objectives = [...new Set(runs.map(({ record }) => trainedFor(record)))];
  if (by === "objective" && (objectives.length > 1 || objectives[0] === LOSS))
    fail("by", 'runs that were trained for one objective (or by "loss")', objectives.join(", "));
}

function withoutCheckpoint(run: LiveRun): string {
  return `run: expected a run with a best checkpoint, got ${endOf(run)}`;
}

function endOf({ arm, result }: LiveRun): string {
  return `${armTitle(arm.name)}: ${result.message}`;
}

function usualOf(runs: readonly LiveRun[]): BestBy {
  const named = runs.length > 0 && runs.every(({ result }) => result.header.settings.objective !== undefined);
  return named ? "objective" : "loss";
}

/** The point of a run after so many steps, walked again from its record. */
function pointAt(run: LiveRun, step: number): Float32Array {
  const { arm, adapter, kept } = run;
  const start = startOf(run);
  if (step === 0) return start;
  if (!isReplayable(arm.method))
    return fail(`${armTitle(arm.name)}, step ${step}`, 'a checkpoint there: run it with { best: "accuracy" }', "none");
  const trajectory = readTrajectory(kept.path) ?? fail(kept.path, "the run's trajectory", "no such file");
  return replay(trajectory, start, adapter.layout, step);
}

function startOf({ adapter, result }: LiveRun): Float32Array {
  return adapter.initial(result.header.settings.seed);
}

/** Shares of right answers on the test split, before and after training; NaN of conversations, which have none. */
export interface TestScores {
  readonly before: number;
  readonly after: number;
  /** Of a linear probe on the frozen features of the same labelled texts; null where the task has no classes. */
  readonly probe: number | null;
  /** Present where tuning started from such a probe. */
  readonly fromProbe?: true;
  readonly count: number;
  /** What was tuned: the arm's title. */
  readonly tuned: string;
  /** Losses on the test split, in nats a token; of conversations alone. */
  readonly loss?: { readonly before: number; readonly after: number };
}

/**
 * Gives the one look at the test split: the chosen run's best checkpoint, the frozen model with the same readout, and a linear probe on its
 * frozen features (`frozenProbe`). `testReport` says them.
 * For example `(await testOnce(problem, bestOnDev(runs))).count`: 200.
 */
export async function testOnce<Batch>(problem: Trainable<Batch>, run: LiveRun): Promise<TestScores> {
  const { arm, result } = run;
  const { best } = result;
  if (best === null) throw new Error(withoutCheckpoint(run));
  const before = await frozenScores(problem);
  // Opened again where it was closed meanwhile: by Stop, or by another adapter of its kind.
  const tuned = await openAdapter(scoredModel(problem), adapterFor(arm.adapter, problem));
  const { base } = tuned.session;
  if (base !== undefined)
    await standAt(base, result, startOf(run), run.adapter.layout, arm.method, best.evaluation.step);
  const after = await problem.evaluate(tuned.session, best.point, "test", run.adapter.spec);
  const probe = await probeScores(problem);
  const fromProbe = problem.options.readout === "probe" ? ({ fromProbe: true } as const) : {};
  const shares = { before: before.accuracy, after: after.accuracy, probe, ...fromProbe };
  const loss = problem.task.kind === "chat" ? { loss: { before: before.loss, after: after.loss } } : {};
  return { ...shares, count: after.count, tuned: armTitle(arm.name), ...loss };
}

async function probeScores(problem: Trainable<unknown>): Promise<number | null> {
  if (!isProblem(problem)) return null;
  const { session } = await openAdapter(scoredModel(problem), { kind: "none" });
  return (await frozenProbe(problem, session, "all")).test.accuracy;
}

/**
 * Writes one sentence on tuning beside the probe; null where there is none.
 * @example besideProbe({ before: 0.6, after: 0.7, probe: 0.8, count: 50, tuned: "AdaZeta" }) // "AdaZeta is 10.0 points (5 of 50 texts) behind ..."
 */
export function besideProbe({ after, probe, count, tuned, fromProbe }: TestScores): string | null {
  if (probe === null) return null;
  const texts = Math.round(count * Math.abs(after - probe));
  if (texts === 0) return `${tuned} has as many right answers as a linear probe on the frozen features.`;
  const points = `${(100 * Math.abs(after - probe)).toFixed(1)} points (${texts} of ${count} texts)`;
  if (after > probe) return `${tuned} is ${points} ahead of a linear probe on the frozen features.`;
  return `${tuned} is ${points} behind a linear probe on the frozen features, ${
    fromProbe
      ? "from which it started: here tuning brought nothing"
      : 'which needs no tuning: openProblem(..., { readout: "probe" }) starts from it'
  }.`;
}

/**
 * Gives the test scores in words: the shares with their 95 % intervals (Wilson), what the frozen model was asked, and a linear probe's row, with
 * a sentence on tuning beside it.
 * For example `testReport(problem, chosen, await testOnce(problem, chosen))`: "AdaZeta: 83 % (95 % interval 66 to 93 %) of 30 test texts\nwithout tuning: ...".
 */
export function testReport<Batch>(problem: Trainable<Batch>, run: LiveRun, scores: TestScores): string {
  const { arm } = run;
  const { before, after, probe, count, loss } = scores;
  if (loss !== undefined)
    return [
      `${armTitle(arm.name)}: ${loss.after.toFixed(3)} nats a token of the answers in ${count} test conversations`,
      `without tuning: ${loss.before.toFixed(3)}, asked ${askedOf(problem)}`,
    ].join("\n");
  const share = (value: number): string =>
    `${(100 * value).toFixed(1)} % (95 % interval ${intervalText(value, count) ?? "unknown"} %)`;
  return [
    `${armTitle(arm.name)}: ${share(after)} of ${count} test texts`,
    ...trainedForLine(problem.task, run),
    `without tuning: ${share(before)}, asked ${askedOf(problem)}`,
    ...(probe === null ? [] : [`a linear probe on the frozen features: ${share(probe)}`, besideProbe(scores) ?? ""]),
  ].join("\n");
}

/** Says of a run that was trained for something else than the loss that the shares are not that. */
function trainedForLine(task: Task, { record, result: { best } }: LiveRun): readonly string[] {
  const objective = trainedFor(record);
  const value = best?.evaluation.objective;
  if (objective === LOSS || value === undefined) return [];
  // F1 is of the second class, whichever a table's words make that.
  const of = objective === "f1" && task.kind === "classification" ? ` of the class ${task.labels[1]}` : "";
  return [`it was trained for ${objective}${of}, ${formatNumber(value)} on dev there; the shares are of right answers`];
}

/**
 * Gives the frozen model's scores on test: zero-shot, or with frozen prototypes.
 * For example `(await frozenScores(await openProblem(smollm2, squad, options))).metrics`: { "token f1": 0.32, "exact match": 0.25 }.
 */
export async function frozenScores<Batch>(problem: Trainable<Batch>): Promise<Scores> {
  const { session, adapter } = await openAdapter(scoredModel(problem), { kind: "none" });
  return problem.evaluate(session, new Float32Array(0), "test", adapter.spec);
}

/**
 * Saves the best checkpoint of a run with its readout, as `<path>.adapter.safetensors` and `<path>.readout.safetensors`.
 * @returns the path, for `openClassifier`
 * @throws when the run has no checkpoint, or the problem no readout (its options are scored whole)
 */
export function saveRun(problem: Trainable<unknown>, run: LiveRun, path: string): string {
  saveClassifier(path, classifierOf(problem, run));
  return path;
}

/**
 * Gives the best checkpoint of a run as an adapter to be saved; of a run of changes of all weights the weights themselves.
 * For example `saveAdapter("mine.safetensors", tunedAdapter(problem, chosen))`.
 * @throws when the run has no checkpoint
 */
export function tunedAdapter(problem: Trainable<unknown>, run: LiveRun): SavedAdapter {
  const { arm, adapter, result } = run;
  const { best } = result;
  if (best === null) throw new Error(withoutCheckpoint(run));
  const { averaged, evaluation } = best;
  const running = result.average?.momentum !== undefined;
  const where =
    averaged === undefined
      ? `step ${evaluation.step}`
      : `${running ? "running mean of all points to step" : "mean of the points after steps"} ${averaged.join(", ")}`;
  const note = `${armTitle(arm.name)} on ${problem.origin.description}, ${where}`;
  const { spec, layout } = adapter;
  const modelId = problem.loaded.model.id;
  if (spec.kind !== "full" || spec.factors === undefined) return { spec, layout, point: best.point, modelId, note };
  // A change is one of weights that nobody else has: what is taken along are the weights.
  const { kind, layers, parts } = spec;
  const whole = { kind, layers, ...(parts && { parts }) };
  const formed = makeAdapter(whole, problem.sessionModel);
  const { step } = best.evaluation;
  const point = formedWeights(result, formed.initial(0), startOf(run), layout, arm.method, step);
  return { spec: whole, layout: formed.layout, point, modelId, note };
}

/**
 * Gives the best checkpoint of a run with all that a frozen model needs to answer.
 * @throws when the run has no checkpoint, or the problem no readout (its options are scored whole)
 */
export function classifierOf(problem: Trainable<unknown>, run: LiveRun): SavedClassifier {
  const adapter = tunedAdapter(problem, run);
  const { readout, task } = withReadout(problem);
  return {
    adapter,
    readout,
    labels: task.labels,
    prompt: promptOf(task, readingOf(task, problem.loaded.model)),
  };
}

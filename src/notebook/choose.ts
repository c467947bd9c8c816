import { fail } from "../check/check";
import { engineFor } from "../engine/open-session";
import type { Problem, Scores, Trainable } from "../experiment/problem";
import { findKnownModel } from "../model/registry";
import { intervalText } from "../table/summary";
import { promptOf } from "../task/classifier-prompt";
import { readingOf } from "../task/reading";
import { saveClassifier, savePeftClassifier } from "../task/saved-classifier";
import type { SavedClassifier } from "../task/saved-classifier";
import type { LiveRun } from "./live-runs";
import { openAdapter, scoredModel } from "./open";
import { askedOf } from "./problem-display";

/** The run whose best checkpoint has the lowest loss on dev. @throws when no run has an evaluation */
export function bestOnDev(runs: readonly LiveRun[]): LiveRun {
  const lossOf = (run: LiveRun): number => run.result.best?.evaluation.loss ?? Infinity;
  const [best] = [...runs].sort((a, b) => lossOf(a) - lossOf(b));
  return best?.result.best ? best : fail("runs", "a run with a finite dev loss", runs.length);
}

/** Shares of right answers on the test split, before and after training. */
export interface TestScores {
  readonly before: number;
  readonly after: number;
  readonly count: number;
}

/**
 * The one look at the test split: the chosen run's best checkpoint, and the frozen model with the same readout.
 * @example (await testOnce(problem, bestOnDev(runs))).count // 200
 */
export async function testOnce<Batch>(problem: Trainable<Batch>, run: LiveRun): Promise<TestScores> {
  const { arm, result } = run;
  const { best } = result;
  if (best === null) return fail("run", "a run with a best checkpoint", arm.name);
  const before = await frozenScores(problem);
  // Opened again where it was closed meanwhile: by Stop, or by another adapter of its kind.
  const tuned = await openAdapter(scoredModel(problem), arm.adapter, engineFor(arm.method));
  const after = await problem.evaluate(tuned.session, best.point, "test", run.adapter.spec);
  return { before: before.accuracy, after: after.accuracy, count: after.count };
}

/**
 * The test scores in words: both shares with their 95 % intervals (Wilson), and what the frozen model was asked.
 * @example testReport(problem, chosen, await testOnce(problem, chosen)) // "AdaZeta: 83 % (95 % interval 66 to 93 %) of 30 test texts\nwithout tuning: ..."
 */
export function testReport<Batch>(problem: Trainable<Batch>, { arm }: LiveRun, scores: TestScores): string {
  const { before, after, count } = scores;
  const share = (value: number): string =>
    `${(100 * value).toFixed(1)} % (95 % interval ${intervalText(value, count) ?? "unknown"} %)`;
  return [
    `${arm.name}: ${share(after)} of ${count} test texts`,
    `without tuning: ${share(before)}, asked ${askedOf(problem)}`,
  ].join("\n");
}

/**
 * The frozen model's scores on test: zero-shot, or with frozen prototypes.
 * @example (await frozenScores(await openTrainable(smollm2, squad, options))).metrics // { "token f1": 0.32, "exact match": 0.25 }
 */
export async function frozenScores<Batch>(problem: Trainable<Batch>): Promise<Scores> {
  const { session, adapter } = await openAdapter(scoredModel(problem), { kind: "none" });
  return problem.evaluate(session, new Float32Array(0), "test", adapter.spec);
}

/**
 * Saves the best checkpoint of a run with its readout, as `<path>.adapter.safetensors` and `<path>.readout.safetensors`.
 * @returns the path, for `openClassifier`
 */
export function saveRun(problem: Problem, run: LiveRun, path: string): string {
  saveClassifier(path, classifierOf(problem, run));
  return path;
}

/**
 * The same for a LoRA as a folder that Hugging Face PEFT opens, with the readout beside its files.
 * @returns the folder, for `openClassifier`
 */
export function saveRunAsPeft(problem: Problem, run: LiveRun, folder: string): string {
  const { model, name } = problem.loaded;
  const source = findKnownModel(name)?.source;
  const base = source !== undefined && "repository" in source ? source.repository : "";
  savePeftClassifier(folder, classifierOf(problem, run), model, base);
  return folder;
}

function classifierOf(problem: Problem, { arm, adapter, result }: LiveRun): SavedClassifier {
  const { best } = result;
  if (best === null) return fail("run", "a run with a best checkpoint", arm.name);
  const note = `${arm.name} on ${problem.origin.description}, step ${best.evaluation.step}`;
  const { spec, layout } = adapter;
  const modelId = problem.loaded.model.id;
  return {
    adapter: { spec, layout, point: best.point, modelId, note },
    readout: problem.readout,
    labels: problem.task.labels,
    prompt: promptOf(problem.task, readingOf(problem.task, problem.loaded.model)),
  };
}

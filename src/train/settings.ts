import {
  fail,
  finiteNumber,
  nonNegativeInteger,
  numberBelowOne,
  positiveInteger,
  positiveNumber,
} from "../check/check";
import { knownWord } from "../check/known-options";
import { passesPerStep } from "../schedule/forward-passes";
import { checkMethod, isReplayable, passesOf } from "../optimizer/method";
import type { Method } from "../optimizer/method";
import { queriesAt } from "../schedule/schedule";
import type { ObjectiveSpec } from "../task/objective-spec";
import { BEST_BY } from "./best";
import type { BestBy } from "./best";

/**
 * When a run has done enough. A run on forward passes takes no step that would exceed them (evaluation is counted apart); one on minutes takes
 * none after them (of running, evaluation with it and pauses not), so that how far it gets is the machine's affair.
 */
export type Budget =
  | { readonly kind: "steps"; readonly steps: number }
  | { readonly kind: "forward-passes"; readonly forwardPasses: number }
  | { readonly kind: "minutes"; readonly minutes: number };

/** A reason to end a run before its budget is spent. */
export type StopRule =
  /** Ends at the first evaluation at which the run has `diverged` by that margin, in nats. */
  | { readonly kind: "diverged"; readonly margin: number }
  /** Ends when every projected gradient of that many steps in a row was exactly 0: nothing can move any more. */
  | { readonly kind: "constant-output"; readonly steps: number }
  /** Ends when that many evaluations in a row brought no better one (`best` says by what, a collapse is none). */
  | { readonly kind: "patience"; readonly evaluations: number };

/** Everything that decides a run's numbers besides model, adapter, data and starting point: plain JSON data. */
export interface RunSettings {
  /** The optimizer's method, with its learning rate, query schedule and perturbation scale. */
  readonly method: Method;
  readonly budget: Budget;
  /** Steps of one epoch: epoch = floor(step index / stepsPerEpoch), which the schedules see. */
  readonly stepsPerEpoch: number;
  /** Steps between evaluations on dev; 0 evaluates only before the first step and after the last. */
  readonly evaluateEvery: number;
  /** Seed of all directions of the run. */
  readonly seed: number;
  /** Reasons to end early besides the ones that always end a run (stop signal, numbers that are not finite). */
  readonly stop: readonly StopRule[];
  /** What is trained in place of the task's loss: a metric of each batch, or a reward. Default: the loss. */
  readonly objective?: ObjectiveSpec;
  /** Which evaluation is the best one, kept as a checkpoint; default: the lowest loss. */
  readonly best?: BestBy;
  /** How many of the last evaluated points are averaged when the run has ended; the mean is scored on dev once. Default: none. */
  readonly averageLast?: number;
  /**
   * The probability with which what the adapter adds at a site is dropped in a step (`keepFactors`, by this seed and the step); evaluations keep all
   * of it. Default: nothing is dropped.
   */
  readonly dropping?: number;
  /** A second task that is not trained on and scored at the evaluations: its name, and the fingerprint of its texts. Default: none. */
  readonly drift?: { readonly task: string; readonly data: string };
}

/**
 * Checks a run's settings.
 * @throws when a setting makes no sense, naming it
 */
export function checkSettings(settings: RunSettings): void {
  const { budget } = settings;
  checkMethod(settings.method);
  if (budget.kind === "steps") nonNegativeInteger("settings.budget.steps", budget.steps);
  else if (budget.kind === "forward-passes") nonNegativeInteger("settings.budget.forwardPasses", budget.forwardPasses);
  else if (budget.kind === "minutes") positiveNumber("settings.budget.minutes", budget.minutes);
  else fail("settings.budget", '"steps", "forward-passes" or "minutes"', budget);
  positiveInteger("settings.stepsPerEpoch", settings.stepsPerEpoch);
  nonNegativeInteger("settings.evaluateEvery", settings.evaluateEvery);
  nonNegativeInteger("settings.seed", settings.seed);
  settings.stop.forEach((rule, i) => {
    if (rule.kind === "diverged") finiteNumber(`settings.stop[${i}].margin`, rule.margin);
    else if (rule.kind === "constant-output") positiveInteger(`settings.stop[${i}].steps`, rule.steps);
    else if (rule.kind === "patience") positiveInteger(`settings.stop[${i}].evaluations`, rule.evaluations);
    else fail(`settings.stop[${i}]`, '"diverged", "constant-output" or "patience"', rule);
  });
  const { best = "loss" } = settings;
  knownWord("settings.best", best, BEST_BY);
  if (best === "objective" && settings.objective === undefined)
    fail("settings.best", '"loss" or "accuracy" where nothing else is trained for', best);
  if (settings.dropping !== undefined) numberBelowOne("settings.dropping", settings.dropping);
  const { averageLast } = settings;
  if (averageLast === undefined) return;
  positiveInteger("settings.averageLast", averageLast);
  if (!isReplayable(settings.method))
    fail(
      "settings.averageLast",
      "a method whose points can be walked to again, by losses or derivatives along directions",
      settings.method.name,
    );
}

/**
 * Checks that a budget of forward passes pays for a step: with less `train` ends where it starts, without a word. One of none scores the start alone, and is
 * meant so.
 * @throws saying what the first step costs
 */
export function requireOneStep(settings: RunSettings): void {
  const { budget } = settings;
  if (budget.kind !== "forward-passes" || budget.forwardPasses === 0 || !spent(settings, 0, 0, 0)) return;
  fail("settings.budget.forwardPasses", `at least ${passesOfStep(settings, 0)}, what its first step costs, or 0 to score the start alone`, budget.forwardPasses); // prettier-ignore
}

/** In milliseconds. */
export const MINUTE = 60_000;

/** Gives forward passes that the step with that index (from 0) costs (`passesOf`). */
export function passesOfStep({ method, stepsPerEpoch }: RunSettings, step: number): number {
  const queries = queriesAt(method.queries, { step, epoch: Math.floor(step / stepsPerEpoch) });
  return passesPerStep(passesOf(method), queries, step);
}

/** Says whether the budget is spent after that many steps, forward passes and milliseconds of running. */
export function spent(settings: RunSettings, steps: number, forwardPasses: number, elapsedMs: number): boolean {
  const { budget } = settings;
  if (budget.kind === "steps") return steps >= budget.steps;
  if (budget.kind === "minutes") return elapsedMs >= MINUTE * budget.minutes;
  return forwardPasses + passesOfStep(settings, steps) > budget.forwardPasses;
}

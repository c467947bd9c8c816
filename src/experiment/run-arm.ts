import { fail } from "../check/check";
import { checkMethodFits } from "../optimizer/method";
import type { Adapter } from "../adapter/adapter";
import { requirePrecision } from "../engine/precision-rule";
import type { ModelSession } from "../engine/session";
import type { BestBy } from "../train/best";
import { requireOneStep } from "../train/settings";
import type { RunSettings } from "../train/settings";
import type { TrainOptions } from "../train/train";
import type { Arm } from "./arm";
import { droppedBatches } from "./dropped-batches";
import { checkObjectiveAnswered, chosenObjective } from "./objective-choice";
import type { ObjectiveChoice, OpenWriter } from "./objective-choice";
import type { Trainable } from "./problem";

export interface ArmRun {
  /** Decides the adapter's start and the directions; the problem has texts and batches from its own. */
  readonly seed: number;
  readonly evaluateEvery: number;
  /** Ends the run at the evaluation that makes it "diverged" by this margin; null goes on to the budget. */
  readonly stopMargin: number | null;
  /** Which evaluation is the checkpoint; default: the one with the lowest loss. */
  readonly best?: BestBy | undefined;
  /** Ends the run when that many evaluations in a row brought no better one; default: none. */
  readonly patience?: number | undefined;
  /** How many of the last evaluated points are averaged when the run has ended, and scored on dev; default: none. */
  readonly averageLast?: number | undefined;
  /** The probability with which what the adapter adds at a site is dropped in a step; for an adapter made with `dropping`. Default: the arm's. */
  readonly dropping?: number | undefined;
  /** A second problem of the same model, which is not trained on: its dev texts are scored at each evaluation. Default: none. */
  readonly drift?: Trainable<unknown> | undefined;
  /** What is trained for; default: the task's loss. With another the best evaluation is by default the one where it is largest on dev. */
  readonly objective?: ObjectiveChoice | undefined;
  /** Opens what writes answers, where a reward judges them. */
  readonly writer?: OpenWriter | undefined;
  /** Lets an estimator run at a precision that was not measured, or was measured to spoil it. */
  readonly anyPrecision?: boolean;
}

/** Steps in a row without any difference between losses after which a run ends: nothing can move any more. */
const CONSTANT_STEPS = 20;
/** The same for a metric or a reward, which is level between its jumps: other texts and directions may still tell points apart. */
const PLATEAU_STEPS = 200;

/**
 * Gives everything `train` needs to run an arm on a problem; the caller adds clock, signal and file.
 * @throws when the method asks for derivatives that the objective has not, or the task has no such objective, or the session's rounding spoils the arm's estimator, or was not measured with it (`requirePrecision`), or its budget pays for no step
 */
export function armOptions<Batch>(
  arm: Arm,
  problem: Trainable<Batch>,
  adapter: Adapter,
  session: ModelSession,
  { seed, evaluateEvery, stopMargin, patience, averageLast, drift, anyPrecision = false, ...run }: ArmRun,
): Omit<TrainOptions<Batch>, "clock"> {
  const { dropping = arm.dropping } = run;
  const { probe, rounds } = arm.method;
  const chosen = chosenObjective(problem, run.objective);
  checkObjectiveAnswered(run.objective, arm.method);
  const { best = chosen.spec === undefined ? undefined : "objective" } = run;
  checkMethodFits(arm.method, adapter.layout);
  const asked = probe ?? rounds;
  if (!anyPrecision && asked !== undefined) requirePrecision(session, asked);
  if (drift !== undefined && drift.sessionModel.id !== problem.sessionModel.id)
    fail(
      "drift",
      `a task that the same session scores as ${problem.task.name}: the same model, and both by classes or both by options`,
      drift.task.name,
    );
  const batches = chosen.batches(arm.batchSize);
  const settings: RunSettings = {
    method: arm.method,
    budget: arm.budget,
    stepsPerEpoch: batches.stepsPerEpoch,
    evaluateEvery,
    seed,
    stop: [
      ...(stopMargin === null ? [] : [{ kind: "diverged", margin: stopMargin } as const]),
      { kind: "constant-output", steps: chosen.spec === undefined ? CONSTANT_STEPS : PLATEAU_STEPS },
      ...(patience === undefined ? [] : [{ kind: "patience", evaluations: patience } as const]),
    ],
    ...(chosen.spec === undefined ? {} : { objective: chosen.spec }),
    ...(best === undefined ? {} : { best }),
    ...(averageLast === undefined ? {} : { averageLast }),
    ...(dropping === undefined ? {} : { dropping }),
    ...(drift === undefined ? {} : { drift: { task: drift.task.name, data: drift.dataHash } }),
  };
  requireOneStep(settings);
  return {
    settings,
    identity: {
      model: session.id,
      adapter: adapter.spec,
      data: problem.dataHash,
      plan: { batchSize: arm.batchSize, packed: true },
    },
    start: adapter.initial(seed),
    layout: adapter.layout,
    objective: chosen.objective(session, adapter.layout, seed, run.writer),
    batchAt: dropping === undefined ? batches.at : droppedBatches(batches.at, adapter, dropping, seed),
    evaluate: async (point) => {
      const found = await problem.evaluate(session, point, "dev", adapter.spec, chosen.metric);
      const judged = await chosen.onDev?.(point, run.writer);
      const { loss, accuracy, optionLoss } = found;
      const objective = judged?.value ?? (chosen.metric && found.metrics[chosen.metric]);
      const forwardPasses = found.forwardPasses + (judged?.passes ?? 0);
      if (drift === undefined) return { loss, accuracy, optionLoss, objective, forwardPasses };
      const second = await drift.evaluate(session, point, "dev", adapter.spec);
      const further = { driftLoss: second.loss, driftAccuracy: second.accuracy };
      return { loss, accuracy, optionLoss, objective, ...further, forwardPasses: forwardPasses + second.forwardPasses };
    },
    chance: problem.chance,
    checkDescent: probe?.kind === "own",
  };
}

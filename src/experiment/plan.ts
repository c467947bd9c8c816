import type { AdapterSpec } from "../adapter/adapter";
import { fail } from "../check/check";
import { passesOf } from "../optimizer/method";
import type { BatchMetricName } from "../task/batch-metrics";
import { forwardPasses, stepsForPasses } from "../schedule/forward-passes";
import type { Arm } from "./arm";
import type { ProblemOptions } from "./problem";
import type { QuantizedSettings } from "./quantized-settings";
import type { PlannedObjective } from "./planned-reward";
import type { AfterRun } from "./run-after";

/** What an arm without steps does: it takes the frozen model as it is, or fits a linear probe on its features. */
export type StillKind =
  | { readonly kind: "zero-shot" }
  | {
      readonly kind: "linear-probe";
      /** C of the probe: one over the strength of its L2 penalty; the best on dev is taken. */
      readonly strengths: readonly number[];
    }
  /** Its steps are a student's, and of a generator of its texts; a teacher's come before. */
  | ({ readonly kind: "quantized" } & QuantizedSettings);

/** An arm without steps. */
export type StillArm = { readonly name: string } & StillKind;

/** What is done with a problem. */
export type StudyArm = Arm | StillArm;

/** Everything that decides the numbers of one run, as plain data. */
export interface PlannedRun {
  /** A study whose runs are known by its name (`DivergenceSettings`). */
  readonly study?: string;
  readonly model: string;
  readonly task: string;
  readonly problem: Omit<ProblemOptions, "seed">;
  readonly arm: StudyArm;
  readonly seed: number;
  readonly evaluateEvery: number;
  /** Threads of the engine: the order of sums, and so the last bits, may depend on it. */
  readonly threads: number;
  /** A metric that is trained for in place of the task's loss, or one of the project's rewards; absent: the loss. */
  readonly objective?: PlannedObjective;
  /** A metric that test is scored by beside the task's own; absent: the one that is trained for. */
  readonly testMetric?: BatchMetricName;
  /** A second task, which nothing is trained on, and what is its own of the problem: its dev texts are scored at each evaluation. */
  readonly drift?: { readonly task: string; readonly problem?: Partial<Omit<ProblemOptions, "seed">> };
  /** What is measured when the run has ended, at shares of its change and on other tasks; absent: nothing besides test. */
  readonly after?: AfterRun;
  /** How frozen products are stored and computed; absent: fp32. */
  readonly precision?: string;
}

export function isStill(arm: StudyArm): arm is StillArm {
  return "kind" in arm;
}

/** What an arm may spend, both ways: a run on one of the two budgets says what it comes to in the other. */
export interface BothBudgets {
  readonly steps: number;
  readonly forwardPasses: number;
}

/**
 * Gives the budget of an arm in steps and in forward passes.
 * For example `budgetOf(arm("adazeta", settings), 16)`: { steps: 240, forwardPasses: 1824 }.
 */
export function budgetOf(arm: StudyArm, epochSteps: number): BothBudgets {
  if (isStill(arm)) return { steps: 0, forwardPasses: 0 };
  const { budget, method } = arm;
  const cost = passesOf(method);
  if (budget.kind === "steps")
    return { steps: budget.steps, forwardPasses: forwardPasses(method.queries, budget.steps, epochSteps, cost) };
  if (budget.kind === "minutes")
    return fail(
      `budget of ${arm.name}`,
      "steps or forward passes, which say what a run comes to on any machine",
      budget,
    );
  const steps = stepsForPasses(method.queries, budget.forwardPasses, epochSteps, cost);
  return { steps, forwardPasses: forwardPasses(method.queries, steps, epochSteps, cost) };
}

/** The frozen model alone. */
export const FROZEN: AdapterSpec = { kind: "none" };

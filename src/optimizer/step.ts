import { fail, nonNegativeInteger, sameLength } from "../check/check";
import { estimate } from "../estimator/estimate";
import type { Estimate } from "../estimator/estimator";
import { gradientOf } from "../estimator/gradient";
import type { Objective } from "../estimator/objective";
import { createWorkspace, type Workspace } from "../estimator/workspace";
import { queriesAt, scheduleAt } from "../schedule/schedule";
import type { Layout } from "../tree/layout";
import type { Method } from "./method";
import { ruleOf, type RuleState } from "./rules";

/** Where in a run a step is. */
export interface StepIndex {
  /** Seed of the run's directions. */
  readonly seed: number;
  readonly step: number;
  readonly epoch: number;
  readonly layout: Layout;
}

export interface StepInput<Batch> extends StepIndex {
  readonly batch: Batch;
  /** Memory to reuse from step to step; default: new memory. */
  readonly workspace?: Workspace;
  /** What the update rule carries from the step before; default: its start. */
  readonly state?: RuleState;
  /** Where an earlier step led, when nobody needs it any more: its memory is written over. Default: new memory. */
  readonly over?: StepOutcome | undefined;
}

export interface RecordedStep extends StepIndex {
  readonly projectedGradients: readonly number[];
  readonly state?: RuleState;
  /** Memory to reuse from step to step, as in `StepInput`. */
  readonly workspace?: Workspace;
  readonly over?: StepOutcome | undefined;
}

/** Where a step leads. */
export interface StepOutcome {
  /** The next point, never in the memory of the one before; after numbers that are not finite that one itself. */
  readonly point: Float32Array;
  readonly state: RuleState;
}

export interface StepResult extends StepOutcome {
  readonly estimate: Estimate;
  readonly queries: number;
  readonly learningRate: number;
}

/**
 * Takes one step of a method: queries and learning rate from the schedules, a gradient estimate on the batch, the update.
 * Projected gradients that are not finite move nothing; the caller sees them by `isFiniteEstimate` and stops the run.
 * For example `const { point: next, estimate } = await step(mezo(), objective, point, { seed: 0, step: 0, epoch: 0, layout, batch })`.
 * @throws when the point does not fit the layout, or step and epoch are not counts
 */
export async function step<Batch>(
  method: Method,
  objective: Objective<Batch>,
  point: Float32Array,
  input: StepInput<Batch>,
): Promise<StepResult> {
  const { seed, layout, batch, workspace = createWorkspace(layout.size) } = input;
  sameLength("point", point.length, layout.size);
  const queries = queriesAt(method.queries, input);
  const learningRate = scheduleAt(method.learningRate, input);
  const found = await estimate(
    method.estimator,
    objective,
    point,
    { seed, step: input.step, queries, directions: method.directions, batch },
    workspace,
  );
  const next = moved(method, point, canMove(found) ? workspace.gradient : null, input);
  return { ...next, estimate: found, queries: found.backwardPasses === undefined ? queries : 0, learningRate };
}

/**
 * Gives the point after a recorded step, from its projected gradients alone: the same bits as in the run.
 * For example `applyRecorded(method, point, { seed: 0, step: 0, epoch: 0, layout, projectedGradients: estimate.projectedGradients }).point`.
 * @throws when the point does not fit the layout, or nothing was recorded
 */
export function applyRecorded(method: Method, point: Float32Array, recorded: RecordedStep): StepOutcome {
  sameLength("point", point.length, recorded.layout.size);
  nonNegativeInteger("step", recorded.step);
  if (!isReplayable(method))
    fail(
      "replay",
      "a method whose steps follow from recorded scalars",
      `${method.name}: go on from a snapshot instead`,
    );
  const gradient = canMove(recorded) ? gradientOf(method.directions, recorded, point.length, recorded.workspace) : null;
  return moved(method, point, gradient, recorded);
}

/** Says whether a run can be walked again from its recorded scalars: not where the gradient is a whole vector of its own. */
export function isReplayable({ estimator }: Pick<Method, "estimator">): boolean {
  return estimator.kind !== "backpropagation";
}

function canMove({ projectedGradients, gradientNorm = 0 }: Partial<Estimate>): boolean {
  return (projectedGradients ?? []).every(Number.isFinite) && Number.isFinite(gradientNorm);
}

function moved(
  method: Method,
  point: Float32Array,
  gradient: Float32Array | null,
  at: StepIndex & Pick<StepInput<never>, "state" | "over">,
): StepOutcome {
  const rule = ruleOf(method.rule);
  const state = at.state ?? rule.init(at.layout);
  if (gradient === null) return { point, state };
  const learningRate = scheduleAt(method.learningRate, at);
  return rule.update(state, point, gradient, { learningRate, layout: at.layout, over: at.over });
}

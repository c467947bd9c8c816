import { nonNegativeInteger, sameLength } from "../check/check";
import { estimate, type Estimate } from "../estimator/estimate";
import { gradientOf } from "../estimator/gradient";
import type { Objective } from "../estimator/objective";
import { createWorkspace, type Workspace } from "../estimator/workspace";
import { queriesAt, scheduleAt } from "../schedule/schedule";
import type { Layout } from "../tree/layout";
import type { Method } from "./method";
import { ruleOf } from "./rule";

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
}

export interface RecordedStep extends StepIndex {
  readonly projectedGradients: readonly number[];
}

export interface StepResult {
  /** The next point, a new vector; the same one after a projected gradient that is not finite. */
  readonly point: Float32Array;
  readonly estimate: Estimate;
  readonly queries: number;
  readonly learningRate: number;
}

/**
 * One step of a method: queries and learning rate from the schedules, a gradient estimate on the batch, the update.
 * Projected gradients that are not finite move nothing; the caller sees them by `isFiniteEstimate` and stops the run.
 * @throws when the point does not fit the layout, or step and epoch are not counts
 * @example const { point: next, estimate } = await step(mezo(), objective, point, { seed: 0, step: 0, epoch: 0, layout, batch })
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
  const next = canMove(found) ? moved(method, point, workspace.gradient, input) : point;
  return { point: next, estimate: found, queries, learningRate };
}

/**
 * The point after a recorded step, from its projected gradients alone: the same bits as in the run.
 * @throws when the point does not fit the layout, or nothing was recorded
 * @example applyRecorded(method, point, { seed: 0, step: 0, epoch: 0, layout, projectedGradients: estimate.projectedGradients })
 */
export function applyRecorded(method: Method, point: Float32Array, recorded: RecordedStep): Float32Array {
  sameLength("point", point.length, recorded.layout.size);
  nonNegativeInteger("step", recorded.step);
  if (!canMove(recorded)) return point;
  return moved(method, point, gradientOf(method.directions, recorded, point.length), recorded);
}

function canMove({ projectedGradients }: Pick<Estimate, "projectedGradients">): boolean {
  return projectedGradients.every(Number.isFinite);
}

function moved(method: Method, point: Float32Array, gradient: Float32Array, at: StepIndex): Float32Array {
  const rule = ruleOf(method.rule);
  const learningRate = scheduleAt(method.learningRate, at);
  return rule.update(rule.init(at.layout), point, gradient, { learningRate, layout: at.layout }).point;
}

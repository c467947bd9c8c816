import type { PassKind } from "../schedule/forward-passes";
import type { Draw } from "./direction";
import type { Objective } from "./objective";
import type { Workspace } from "./workspace";

/** What one estimate is made with: Q directions of the step, all on the same batch. */
export interface StepQueries<Batch> {
  /** Q. */
  readonly queries: number;
  /** Draws the direction of each query. */
  readonly draw: Draw;
  readonly batch: Batch;
}

/** What an estimate leaves behind: plain numbers, from which `gradientOf` rebuilds the gradient. */
export interface Estimate {
  /** p_q, one for each query, in order. */
  readonly projectedGradients: readonly number[];
  /** Two-sided: the mean of the 2 Q losses. Directional: the loss at the point. In nats. */
  readonly loss: number;
  /** Forward passes spent: 2 Q two-sided; directional 1 + Q for each call of the engine with Q directions. */
  readonly forwardPasses: number;
  /** How many of the forward passes carried a tangent; absent when none did. */
  readonly directionalPasses?: number;
  /** Backward passes, which forward passes do not include; absent when there were none. */
  readonly backwardPasses?: number;
  /** |g| of an exact gradient, which projected gradients do not give. */
  readonly gradientNorm?: number;
}

/** A kind of estimator: what its settings must be, what its steps cost, and how it asks the objective. */
export interface EstimatorKind<Spec> {
  /** @throws naming the field that is out of range */
  check(what: string, spec: Spec): void;
  /** How its steps are paid for. */
  passKind(spec: Spec): PassKind;
  /** The estimate at a point, which is only read; afterwards `workspace.gradient` holds the gradient. */
  estimate<Batch>(
    spec: Spec,
    objective: Objective<Batch>,
    point: Float32Array,
    queries: StepQueries<Batch>,
    workspace: Workspace,
  ): Promise<Estimate>;
}

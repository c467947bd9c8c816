import type { PassCost } from "../schedule/forward-passes";
import type { Draw, Measured } from "./direction";
import type { Objective } from "./objective";
import type { Workspace } from "./workspace";

/** What a step is measured with: Q directions, all on the same batch. */
export interface StepQueries<Batch> {
  /** Q. */
  readonly queries: number;
  /** Draws the direction of each query. */
  readonly draw: Draw;
  readonly batch: Batch;
  /**
   * The weight of a query's direction in the gradient, where it follows from its own p: the sum is made while the engine works. Null: the
   * gradient is formed when all numbers are there.
   */
  readonly weightOf: ((projectedGradient: number) => number) | null;
}

/** What an estimate leaves behind: plain numbers, from which the gradient is formed again. */
export interface Estimate extends Measured {
  /** Two-sided: the mean of the 2 Q losses. With a loss at the point: that one. In nats. */
  readonly loss: number;
  /** Forward passes spent, as the probe's `passes` say. */
  readonly forwardPasses: number;
  /** How many of the forward passes carried a tangent; absent when none did. */
  readonly directionalPasses?: number;
  /** Backward passes, which forward passes do not include; absent when there were none. */
  readonly backwardPasses?: number;
  /** |g| of an exact gradient, which projected gradients do not give. */
  readonly gradientNorm?: number;
  /** The first tensor whose exact gradient is not finite, where it was seen tensor by tensor. */
  readonly notFinite?: string;
}

/** A kind of probe: what its settings must be, what its steps cost, and how it asks the objective. */
export interface ProbeKind<Spec> {
  /** @throws naming the field that is out of range */
  check(what: string, spec: Spec): void;
  /** What a step costs. */
  passes(spec: Spec): PassCost;
  /** Asked before a run. @throws when the engine behind the objective can never answer; absent: every one can */
  needs?(objective: Objective<never>): void;
  /** Gives an exact gradient: it is in no record, so a run goes on from a snapshot and is not walked again. */
  readonly exact?: true;
  /** That gradient is the objective's own at the point, so a step may take it block by block. */
  readonly inBlocks?: true;
  /** Its further numbers are curvatures, one a query. */
  readonly curvature?: true;
  /**
   * Measures at a point, which is only read; afterwards `workspace.gradient` holds the gradient where `weightOf` says how, or it is exact.
   * @throws when the objective cannot answer
   */
  measure<Batch>(
    spec: Spec,
    objective: Objective<Batch>,
    point: Float32Array,
    step: StepQueries<Batch>,
    workspace: Workspace,
  ): Promise<Estimate>;
}

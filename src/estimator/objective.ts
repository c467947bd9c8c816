/**
 * The seam that everything hangs on: a zeroth-order method sees a model only through these two calls.
 * Points and directions are flat Float32 vectors [d] over the trainable parameters (see `Layout`).
 */
export interface Objective<Batch> {
  /** The mean loss of the batch at each point, in nats. One loss = one forward pass. */
  losses(points: readonly Float32Array[], batch: Batch): Promise<readonly number[]>;
  /** The loss at one point and the exact derivative along each direction: <grad L(point), direction>. Counts 1 + Q passes. */
  derivatives(
    point: Float32Array,
    directions: readonly Float32Array[],
    batch: Batch,
  ): Promise<{ readonly loss: number; readonly derivatives: readonly number[] }>;
  /** The loss and its whole gradient [d]: one forward and one backward pass. Absent where the engine has no reverse mode. */
  gradient?(point: Float32Array, batch: Batch): Promise<{ readonly loss: number; readonly gradient: Float32Array }>;
  /** The loss of each text of the batch at each point, [points][texts], whose mean `losses` gives. Absent where a batch's number is no such mean. */
  each?(points: readonly Float32Array[], batch: Batch): Promise<readonly (readonly number[])[]>;
  /** What the numbers are, in words, where they are values alone: a metric or a reward has neither derivatives nor a gradient. */
  readonly without?: string;
  /** The weights that points are changes of; absent where points are all there is. */
  readonly base?: FoldedBase;
}

/** Says that an objective's number is not to be had (a reward failed or came too late): the run ends by this name, with all steps before. */
export class NotMeasured extends Error {
  override readonly name = "NotMeasured";
}

/** Weights that points are changes of, as an engine holds them. */
export interface FoldedBase {
  /** Adds a point's change of matrices to them, in place. */
  fold(point: Float32Array): Promise<void>;
  /** Takes them back to where they began. */
  reset(): Promise<void>;
}

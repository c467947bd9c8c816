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
  /** Why there is no gradient, for people; absent where there is one, or nothing more to say. */
  readonly noGradient?: string;
  /**
   * The same gradient block by block, from the last layer to the first: `take` has a block before the next is computed, each tensor once. A tensor
   * that is in none has the derivative 0. Absent where the gradient comes as a whole.
   */
  gradientBlocks?(
    point: Float32Array,
    batch: Batch,
    take: (block: GradientBlock) => void | Promise<void>,
  ): Promise<{ readonly loss: number }>;
  /** The loss of each text of the batch at each point, [points][texts], whose mean `losses` gives. Absent where a batch's number is no such mean. */
  each?(points: readonly Float32Array[], batch: Batch): Promise<readonly (readonly number[])[]>;
  /**
   * Divides a batch into so many parts of neighbouring texts, or as many as it has texts, as equal as can be: the batch's loss is the sum of the
   * parts' by their shares. Absent where a batch's number is no mean over texts.
   */
  split?(batch: Batch, parts: number): readonly BatchPart<Batch>[];
  /** The loss where something is added to what the model reads of each token. Absent where the engine has no gradient by it. */
  readonly inputs?: PerturbedInputs<Batch>;
  /** What the numbers are, in words, where they are values alone: a metric or a reward has neither derivatives nor a gradient. */
  readonly without?: string;
  /** The weights that points are changes of; absent where points are all there is. */
  readonly base?: FoldedBase;
  /**
   * Told before calls of how many points or directions each query is that follows, where none depends on another's answer: they may be computed
   * elsewhere, all at once. Absent: each call is computed when it comes.
   */
  expect?(queries: readonly number[]): void;
}

/** A part of a batch. */
export interface BatchPart<Batch> {
  readonly batch: Batch;
  /** Its texts over those of the batch. */
  readonly share: number;
}

/** A loss whose inputs can be moved: to each token's embedding a row of an offset is added. */
export interface PerturbedInputs<Batch> {
  /** How many numbers each text's part of an offset has: its tokens times the embedding's width. An offset is the parts one after another. */
  sizes(batch: Batch): readonly number[];
  /** The loss at (point, inputs + offset), and its gradient by the point [d] or by the offset: one forward and one backward pass. */
  gradient(
    point: Float32Array,
    batch: Batch,
    offset: Float32Array,
    by: "point" | "offset",
  ): Promise<{ readonly loss: number; readonly gradient: Float32Array }>;
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

/** The gradient by some tensors that go together. */
export interface GradientBlock {
  /** "layer 3", or what else its tensors have in common. */
  readonly name: string;
  readonly parts: readonly GradientPart[];
}

/** The derivative by one trainable tensor. */
export interface GradientPart {
  readonly tensor: string;
  /** [size of the tensor], for the taker to keep or change. */
  readonly gradient: Float32Array;
}

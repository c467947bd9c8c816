import type { Direction, Here, Kept } from "../estimator/direction";
import type { Vectors } from "../estimator/state";
import type { Entry, Layout } from "../tree/layout";

/** A piece of a step that a chain of transforms makes, in float64: theta' = keep theta - lr update, rounded once. */
export interface Piece {
  /** The tensor that it is a piece of. */
  readonly entry: Entry;
  /** Its first place in the flat vector. */
  readonly begin: number;
  /** The gradient at first, then what each transform leaves: [size of the piece]. */
  readonly update: Float64Array;
  /** What is kept of theta. */
  keep: number;
}

/** What a transform may look at in a step. */
export interface TransformHere extends Here {
  readonly learningRate: number;
  /** Steps taken with this one: 1 in the first. */
  readonly count: number;
  /** Where its own vectors go on; `state` has what the step before left. */
  readonly next: Vectors;
  /** Gives |g| over all tensors, before the chain. */
  readonly lengthOf: () => number;
}

/** A step's estimate before it is a vector: weights on directions. */
export interface Weighted {
  readonly weights: readonly number[];
  /** The direction of a query. */
  readonly direction: (query: number) => Direction;
  /** The direction that an earlier step moved along, of directions that can be drawn again. It may be in the memory of the last that was asked for. */
  readonly earlier: (step: number, query: number) => Direction;
  /** The first direction of the step before, where the directions' bases were drawn anew since; null where they are the same, or there was none. */
  readonly before: (() => Direction) | null;
}

/** A kind of transform of the estimate: a link of a chain. */
export interface TransformKind<Spec> {
  /** @throws naming the field that is out of range */
  check(what: string, spec: Spec): void;
  /** Vectors that it carries: name and length of each. */
  vectors?(spec: Spec, layout: Layout): Readonly<Record<string, number>>;
  /** Needs each tensor as a whole; default: any piece will do. */
  readonly whole?: true;
  /** Looks at the whole gradient (`lengthOf`), so that only the first of a chain may be it. */
  readonly first?: true;
  /** Forms the gradient itself, from weights on directions, and gives what it carries on: the first of a chain alone. */
  form?(spec: Spec, here: TransformHere, weighted: Weighted, gradient: Float32Array): Vectors;
  /** What directions must keep for it to form a gradient; absent: nothing. */
  readonly keeps?: readonly Kept[];
  /** Asks for directions of earlier steps. */
  readonly again?: true;
  /** Is made for the papers' average along normals: other directions and combinations have other moments. */
  readonly normals?: true;
  /** Forms it as well in a layout of factors (`writeOuter`). */
  readonly unformed?: true;
  /** Opened once a step; the result changes a piece in place, null where there is nothing to change. Absent: a transform that only forms. */
  open?(spec: Spec, here: TransformHere): ((piece: Piece) => void) | null;
  /** Changes the point that the whole chain led to, in place: where weights may only stand in certain places. */
  settle?(spec: Spec, here: Here, point: Float32Array): void;
  /** Looks at the point where the step ended, when all is settled, and writes what it carries of it. */
  follow?(spec: Spec, here: TransformHere, point: Float32Array): void;
}

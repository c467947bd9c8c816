import type { Layout } from "../tree/layout";
import { layoutOf } from "../tree/layout";
import { axpyInto, spreadInto } from "../tree/vector";
import type { TensorPart } from "./tensor-part";
import { NO_STATE, type State, type Vectors } from "./state";

/**
 * A direction z [d] as methods use it: added to vectors, as often as needed, with the same bits each time. How its numbers are
 * stored, or whether they are at all, is its own affair.
 */
export interface Direction {
  /** plus <- point + a z, minus <- point - a z. */
  spreadInto(plus: Float32Array, minus: Float32Array, a: number, point: Float32Array): void;
  /** out <- out + a z. */
  addInPlace(out: Float32Array, a: number): void;
  /** Its tensors one by one, for who can use an outer product unformed. Absent: it is not made of any. */
  readonly parts?: readonly TensorPart[];
}

/** What a part of a method may look at in a step; all of it is known in a replay. */
export interface Here {
  /** Seed of the run. */
  readonly seed: number;
  readonly step: number;
  readonly layout: Layout;
  /** theta [d]; only to be read. */
  readonly point: Float32Array;
  /** The part's own vectors, as the step before left them. */
  readonly state: State;
}

/** Draws the direction of one query of the step. `memory` gives a vector [d] and is asked only by a kind that stores its numbers. */
export type Draw = (query: number, memory: () => Float32Array) => Direction;

/** What a step measured, as it is recorded. */
export interface Measured {
  /** p_q, one for each query, in order. */
  readonly projectedGradients: readonly number[];
  /** What the probe measured besides, query by query, or all answers of a method with rounds. */
  readonly further?: readonly number[];
}

/** Factors of outer products left right^T: the right ones, the left ones, or both but for a number a column. */
export type Kept = "right" | "left" | "both";

/** A kind of direction: what its settings must be, and how the directions of a step are drawn. */
export interface DirectionKind<Spec> {
  /** @throws naming the field that is out of range */
  check(what: string, spec: Spec): void;
  /** @throws when the trainable tensors are not what these directions can be drawn for, naming the tensor */
  fits?(what: string, spec: Spec, layout: Layout): void;
  /** What it carries in this step: asked before any draw; default: what the step before left. */
  begin?(spec: Spec, here: Here): Vectors;
  /** Opened once a step; the draws of a step are functions of the step and the query alone. */
  open(spec: Spec, here: Here): Draw;
  /** What it carries on, from what was measured; default: what it has. */
  learn?(spec: Spec, here: Here, measured: Measured): Vectors;
  /** Learns from curvatures, which the probe must measure. */
  readonly curvature?: true;
  /** The directions that the update is made of, where they are not those that were measured along. @param learned has what was learned  @param here as the step began */
  formed?(spec: Spec, learned: Here, here: Here): Draw;
  /**
   * A direction that is part of a run's identity, for kinds whose settings do not say all.
   * @throws when it is not the same whenever it is asked
   */
  sample?(spec: Spec, here: Here): Float32Array;
  /** Which factors of its outer products are the same for all queries of a step: what a transform may keep its numbers in. */
  readonly kept?: Kept;
  /** Its directions follow from the seed, the step and the query alone, so that those of earlier steps can be drawn again. */
  readonly again?: true;
  /**
   * r of the outer products that its matrices are, of each tensor's own rows and columns, which need not be formed; absent or null: they are
   * no such products.
   */
  outer?(spec: Spec): number | null;
  /** Which of its bases is in force in a step, for kinds that keep one for several steps. */
  basis?(spec: Spec, step: number): number;
}

/** Gives what there is to look at for a vector without names: one tensor of that length. */
export function plainHere(seed: number, step: number, size: number, point = new Float32Array(0)): Here {
  return { seed, step, layout: layoutOf([{ name: "theta", shape: [size], decay: true }]), point, state: NO_STATE };
}

/** Makes a direction whose numbers stand in z [d]. */
export function storedDirection(z: Float32Array): Direction {
  return {
    spreadInto: (plus, minus, a, point) => spreadInto(plus, minus, a, z, point),
    addInPlace: (out, a) => axpyInto(out, a, z, out),
  };
}

/** Says how a kind with stored numbers draws: `fill` writes the query's numbers over the memory it is given. */
export function drawStored(fill: (query: number, out: Float32Array) => void): Draw {
  return (query, memory) => {
    const z = memory();
    fill(query, z);
    return storedDirection(z);
  };
}

/** Draws a direction with its numbers written to z [d], for engines that take them; what is added has the same bits as without. */
export function drawInto(draw: Draw, query: number, z: Float32Array): Direction {
  let isStored = false;
  const direction = draw(query, () => {
    isStored = true;
    return z;
  });
  if (!isStored) direction.addInPlace(z.fill(0), 1);
  return direction;
}

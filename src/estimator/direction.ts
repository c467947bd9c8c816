import { axpyInto, spreadInto } from "../tree/vector";

/**
 * A direction z [d] as estimators use it: added to vectors, as often as needed, with the same bits each time. How its numbers are
 * stored, or whether they are at all, is its own affair.
 */
export interface Direction {
  /** plus <- point + a z, minus <- point - a z. */
  spreadInto(plus: Float32Array, minus: Float32Array, a: number, point: Float32Array): void;
  /** out <- out + a z. */
  addInPlace(out: Float32Array, a: number): void;
}

/** The step that directions are drawn for, and the length d of each. */
export interface DirectionsAt {
  /** Seed of the run. */
  readonly seed: number;
  readonly step: number;
  readonly size: number;
}

/** Draws the direction of one query of the step. `memory` gives a vector [d] and is asked only by a kind that stores its numbers. */
export type Draw = (query: number, memory: () => Float32Array) => Direction;

/** A kind of direction: what its settings must be, and how the directions of a step are drawn. */
export interface DirectionKind<Spec> {
  /** @throws naming the field that is out of range */
  check(what: string, spec: Spec): void;
  /** Opened once a step; the draws of a step are functions of the step and the query alone. */
  open(spec: Spec, at: DirectionsAt): Draw;
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

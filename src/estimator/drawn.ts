import { axpyInto, spreadInto } from "../tree/vector";
import { directionInto, type DirectionIndex, type DirectionSpec } from "./direction";
import { tableDirection } from "./table";
import { randomKey } from "../random/key";

/** A direction z [d] as estimators use it: added to vectors, as often as needed, with the same bits each time. */
export interface Drawn {
  /** plus <- point + a z, minus <- point - a z. */
  spreadInto(plus: Float32Array, minus: Float32Array, a: number, point: Float32Array): void;
  /** out <- out + a z. */
  addInPlace(out: Float32Array, a: number): void;
}

/**
 * Draws a direction: numbers are made once, into `memory`, which is asked for only when they are to be stored.
 * @example drawn({ kind: "gaussian" }, { seed: 0, step: 3, query: 1 }, size, () => new Float32Array(size)).addInPlace(gradient, 0.1)
 */
export function drawn(spec: DirectionSpec, index: DirectionIndex, size: number, memory: () => Float32Array): Drawn {
  if (spec.kind === "table") {
    const { seed, step, query } = index;
    return tableDirection(spec.bits, seed, randomKey(seed, "direction", step, query), size);
  }
  return drawnInto(spec, index, memory());
}

/** The same with the numbers written to z, for engines that take them; whatever is added has the same bits as without. */
export function drawnInto(spec: DirectionSpec, index: DirectionIndex, z: Float32Array): Drawn {
  directionInto(spec, index, z);
  return spec.kind === "table" ? drawn(spec, index, z.length, () => z) : stored(z);
}

/** A direction whose numbers are there. */
function stored(z: Float32Array): Drawn {
  return {
    spreadInto: (plus, minus, a, point) => spreadInto(plus, minus, a, z, point),
    addInPlace: (out, a) => axpyInto(out, a, z, out),
  };
}

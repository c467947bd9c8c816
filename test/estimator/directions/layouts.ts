import { layoutOf, type Layout } from "../../../src/tree/layout";
import type { DirectionKind, Draw, Here } from "../../../src/estimator/direction";
import { beginKind } from "../../../src/estimator/directions";
import { NO_STATE, type State } from "../../../src/estimator/state";
import type { OuterPart, TensorPart } from "../../../src/estimator/tensor-part";

/** Tensors of every kind: two matrices of one shape, a tensor-train core, a vector, and a matrix that is one. */
export const mixed: Layout = layoutOf([
  { name: "query", shape: [6, 4], decay: true },
  { name: "value", shape: [6, 4], decay: true },
  { name: "core", shape: [2, 3, 5], decay: true },
  { name: "bias", shape: [6], decay: false },
  { name: "row", shape: [1, 6], decay: true },
]);

export function hereIn(layout: Layout, step: number, seed = 3, state: State = NO_STATE): Here {
  return { seed, step, layout, point: new Float32Array(layout.size), state };
}

/** Opens a step's directions after they have begun. */
export function opened<Spec>(kind: DirectionKind<Spec>, spec: Spec, here: Here): Draw {
  return kind.open(spec, beginKind(kind, spec, here));
}

/** The tensors of a query's direction. */
export function partsOf(draw: Draw, query = 0): readonly TensorPart[] {
  const { parts } = draw(query, noMemory);
  if (parts === undefined) throw new Error("expected a direction made of parts");
  return parts;
}

export function outerOf(draw: Draw, tensor: number, query = 0): OuterPart {
  const part = partsOf(draw, query)[tensor];
  if (part.kind !== "outer") throw new Error(`expected an outer product, got ${part.kind}`);
  return part;
}

/** All numbers of a query's direction [d]. */
export function numbersOf(draw: Draw, { size }: Layout, query = 0): Float32Array {
  const z = new Float32Array(size);
  draw(query, noMemory).addInPlace(z, 1);
  return z;
}

function noMemory(): Float32Array {
  throw new Error("an outer product asked for memory");
}

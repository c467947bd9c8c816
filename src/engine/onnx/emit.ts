import type { Shape } from "../../ops/shape";
import type { Attribute, GraphBuilder } from "./graph";

/** A node's output. `shared` values have leading axis 1 (or none, as constants): nothing trainable has touched them. */
export interface Value {
  readonly name: string;
  readonly shared: boolean;
  readonly shape: Shape;
}

/** Adds a node of one output of that shape, made from these values. */
export type Emit = (
  type: string,
  inputs: readonly string[],
  shape: Shape,
  from: readonly Value[],
  attributes?: Readonly<Record<string, Attribute>>,
) => Value;

/** Gives the function that adds nodes to a graph and says their shapes. For example `emitter(graph)("Relu", [x.name], x.shape, [x])`. */
export function emitter(graph: GraphBuilder): Emit {
  return (type, inputs, shape, from, attributes = {}) => ({
    name: graph.describe(graph.node(type, inputs, attributes), shape),
    shared: from.every((x) => x.shared),
    shape,
  });
}

/** Gives a value that every point shares. */
export function constant(name: string, shape: Shape): Value {
  return { name, shared: true, shape };
}

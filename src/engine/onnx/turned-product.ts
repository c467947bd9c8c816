import { productShape, withAxis } from "../../ops/shape";
import type { Shape } from "../../ops/shape";
import { INT64 } from "./graph";
import type { GraphBuilder } from "./graph";

/** A node's output with its shape. */
export interface Described {
  readonly name: string;
  readonly shape: Shape;
}

/** Emits factor x y^T over the last two axes. */
export function timesTurned(graph: GraphBuilder, x: Described, y: Described, factor: number): Described {
  const shape = productShape(x.shape, turnedShape(y.shape));
  if (graph.kernels.turnedProducts === "fused")
    return emit(graph, "FusedMatMul", [x.name, y.name], shape, { transB: 1, alpha: { float: factor } });
  const product = emit(graph, "MatMul", [x.name, turned(graph, y)], shape);
  return factor === 1 ? product : emit(graph, "Mul", [product.name, graph.scalar(factor)], shape);
}

/** Emits x^T y over the last two axes. */
export function turnedTimes(graph: GraphBuilder, x: Described, y: Described): Described {
  const shape = productShape(turnedShape(x.shape), y.shape);
  return graph.kernels.turnedProducts === "fused"
    ? emit(graph, "FusedMatMul", [x.name, y.name], shape, { transA: 1 })
    : emit(graph, "MatMul", [turned(graph, x), y.name], shape);
}

/**
 * Emits x W^T of a weight [out, in]. In the standard's operators the rows of x go through one Gemm: that takes the weight as it lies, where a
 * Transpose of its own would make a copy of it.
 */
export function timesWeight(graph: GraphBuilder, x: Described, weight: string, outputs: number): Described {
  const shape = withAxis(x.shape, -1, outputs);
  if (graph.kernels.turnedProducts === "fused")
    return emit(graph, "FusedMatMul", [x.name, weight], shape, { transB: 1 });
  const [rows, inputs] = [x.shape.slice(0, -1).join("*"), Number(x.shape.at(-1))];
  const flat = graph.memo(
    `rows ${x.name}`,
    () => emit(graph, "Reshape", [x.name, graph.integers([-1, inputs])], [rows, inputs]).name,
  );
  const leading = graph.memo(`leading ${x.name}`, () =>
    graph.describe(graph.node("Shape", [x.name], { end: -1 }), [x.shape.length - 1], INT64),
  );
  const target = graph.memo(`leading ${x.name} ${outputs}`, () =>
    graph.describe(graph.node("Concat", [leading, graph.integers([outputs])], { axis: 0 }), [x.shape.length], INT64),
  );
  const product = emit(graph, "Gemm", [flat, weight], [rows, outputs], { transB: 1 });
  return emit(graph, "Reshape", [product.name, target], shape);
}

function turned(graph: GraphBuilder, { name, shape }: Described): string {
  const rank = shape.length;
  const perm = [...Array.from({ length: rank - 2 }, (_, axis) => axis), rank - 1, rank - 2];
  return graph.memo(`turned ${name}`, () => emit(graph, "Transpose", [name], turnedShape(shape), { perm }).name);
}

function turnedShape(shape: Shape): Shape {
  return [...shape.slice(0, -2), ...shape.slice(-2).reverse()];
}

function emit(
  graph: GraphBuilder,
  type: string,
  operands: readonly string[],
  shape: Shape,
  attributes: Parameters<GraphBuilder["node"]>[2] = {},
): Described {
  return { name: graph.describe(graph.node(type, operands, attributes), shape), shape };
}

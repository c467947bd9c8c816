import { fail } from "../../check/check";
import type { LowOps } from "../../ops/low-ops";
import type { Reversible } from "../../ops/reversible";
import { withAxis } from "../../ops/shape";
import type { Dimension, Shape } from "../../ops/shape";
import { constant, emitter } from "./emit";
import type { Value } from "./emit";
import { frozenBackProduct } from "./frozen-product";
import { FLOAT, INT64 } from "./graph";
import type { GraphBuilder } from "./graph";
import { turnedTimes } from "./turned-product";
import type { WeightFile } from "./weight-file";

/** The input that takes the loss's derivative by the features. */
export const COTANGENT = "cotangent";

/**
 * Emits ONNX nodes for the adjoints of the lower operations, beside those for the operations themselves. What lies where in a batch comes in
 * as further inputs; a table's rows are added in a fixed order, so that equal runs have equal bits.
 * @param low the lower operations on the same graph, at one point
 */
export function onnxReversible(graph: GraphBuilder, weights: WeightFile, low: LowOps<Value>): Reversible<Value> {
  const emit = emitter(graph);
  const reduceSum = (x: Value, axes: readonly number[], shape: Shape, keepdims: 0 | 1): Value =>
    emit("ReduceSum", [x.name, graph.integers(axes)], shape, [x], { keepdims });
  const turnedProduct = (x: Value, y: Value): Value => ({
    ...turnedTimes(graph, x, y),
    shared: x.shared && y.shared,
  });
  /** A matrix that a batch decides, [1, rows, columns]. */
  const matrix = (name: string, rows: Dimension, columns: Dimension): Value =>
    constant(graph.input(name, FLOAT, [1, rows, columns]), [1, rows, columns]);

  return {
    ...low,
    cotangent: ({ shape }) => ({ name: graph.input(COTANGENT, FLOAT, shape), shared: false, shape }),
    sumTo(x, shape) {
      const missing = x.shape.length - shape.length;
      const axes = x.shape.flatMap((size, axis) =>
        axis >= missing && shape[axis - missing] === 1 && size !== 1 ? axis : [],
      );
      const kept =
        axes.length === 0
          ? x
          : reduceSum(
              x,
              axes,
              axes.reduce((left, axis) => withAxis(left, axis, 1), x.shape),
              1,
            );
      if (missing === 0) return kept;
      const first = Array.from({ length: missing }, (_, axis) => axis);
      return reduceSum(kept, first, kept.shape.slice(missing), 0);
    },
    spread(x, width) {
      const target = [...x.shape.slice(0, -1).map(() => 1), width];
      return emit("Expand", [x.name, graph.integers(target)], withAxis(x.shape, -1, width), [x]);
    },
    matmulOfTransposed: turnedProduct,
    frozenBack(x, weight) {
      const { name, shape } = frozenBackProduct(graph, weights, x, weight);
      return { name, shape, shared: x.shared };
    },
    unpick(picked, indices, count) {
      const [first] = picked as [Value, ...Value[]];
      const [leading, ...rest] = first.shape;
      const one = [leading as Dimension, 1, ...rest];
      const wide = (x: Value): string => low.reshape(x, one.slice(1) as readonly number[]).name;
      const zeros = (): string => {
        const shape = one as readonly number[];
        const size = shape.reduce((product, n) => product * n, 1);
        return graph.memo(`zeros ${shape.join()}`, () => graph.floats(new Float32Array(size), shape));
      };
      const parts = Array.from({ length: count }, (_, index) => {
        const at = indices.indexOf(index);
        return at < 0 ? zeros() : wide(picked[at] as Value);
      });
      if (parts.length === 1) return { ...first, name: parts[0] as string, shape: one };
      return emit("Concat", parts, withAxis(one, 1, count), picked, { axis: 1 });
    },
    unmergeHeads(x, groups, perGroup) {
      const [rows, , width] = x.shape as readonly [Dimension, Dimension, number];
      const size = width / (groups * perGroup);
      const unpack = graph.input("unpack", INT64, ["B", "S"]);
      const padded = emit("Gather", [x.name, unpack], [rows, "B", "S", width], [x], { axis: 1 });
      const inside = constant(graph.input("insideText", FLOAT, [1, "B", "S", 1]), [1, "B", "S", 1]);
      const cut = low.multiply(padded, inside);
      const target = graph.integers([0, 0, 0, groups, perGroup, size]);
      const heads = emit("Reshape", [cut.name, target], [rows, "B", "S", groups, perGroup, size], [x]);
      return emit("Transpose", [heads.name], [rows, "B", groups, perGroup, "S", size], [x], {
        perm: [0, 1, 3, 4, 2, 5],
      });
    },
    unpool: (x) => turnedProduct(constant(graph.input("pool", FLOAT, ["B", "T"]), ["B", "T"]), x),
    untakeScored: (x) => turnedProduct(matrix("scoredMatrix", "K", "T"), x),
    untakeTargets(x, width) {
      const targets = graph.input("targetIds", INT64, ["K"]);
      const values = graph.memo("zero and one", () => graph.floats(Float32Array.of(0, 1), [2]));
      const there = graph.node("OneHot", [targets, graph.integers([width]), values], { axis: -1 });
      return low.multiply(x, constant(graph.describe(there, ["K", width]), ["K", width]));
    },
    ungather(x, by, rows) {
      const [leading, , width] = x.shape;
      if (leading !== 1) return fail("ungather", "one point", leading);
      // Rows that several tokens take are summed first: which of them comes last is then no question of threads.
      const found = by === "token" ? "rowIds" : "rowPositions";
      const [sums, places] =
        by === "zero"
          ? [x, graph.integers([0], [1, 1])]
          : [low.matmul(matrix(`${found}:sum`, found, "T"), x), graph.input(found, INT64, [found, 1])];
      const flat = emit("Squeeze", [sums.name, graph.integers([0])], sums.shape.slice(1), [x]);
      const empty = emit("ConstantOfShape", [graph.integers([rows, Number(width)])], [rows, width as Dimension], [x]);
      const table = emit("ScatterND", [empty.name, places, flat.name], empty.shape, [x]);
      return emit("Unsqueeze", [table.name, graph.integers([0])], [1, ...empty.shape], [x]);
    },
  };
}

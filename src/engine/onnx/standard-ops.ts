import { fail } from "../../check/check";
import type { LowOps } from "../../ops/low-ops";
import { withAxis } from "../../ops/shape";
import { stackAt } from "../../tree/layout";
import type { Layout } from "../../tree/layout";
import { constant, emitter } from "./emit";
import type { Value } from "./emit";
import { INT64 } from "./graph";
import type { GraphBuilder } from "./graph";
import { rotationName } from "./low-ops";
import type { Feeds } from "./low-ops";
import { sharedOps } from "./shared-ops";
import type { StoredWeights } from "./stored-weights";
import { timesTurned } from "./turned-product";

/**
 * Emits the lower operations in operators of the ONNX standard alone, with every weight in the graph and the adapter's tensors as they are at a
 * point: a graph of one point that any program can run.
 * @param point theta [d]
 */
export function standardOps(
  graph: GraphBuilder,
  weights: StoredWeights,
  layout: Layout,
  point: Float32Array,
  feeds: Feeds,
): LowOps<Value> {
  const emit = emitter(graph);
  const shared = sharedOps(graph, (rotary) => rotationName(feeds, rotary));
  return {
    ...shared,
    embed(table, by) {
      const width = table.shape[1];
      if (by === "zero") {
        const name = graph.memo(`e0${table.name}`, () => graph.floats(table.rows([0]), [1, 1, width]));
        return constant(name, [1, 1, width]);
      }
      const index = graph.input(by === "token" ? "ids" : "positions", INT64, ["T"]);
      const rows = emit("Gather", [weights.table(table), index], ["T", width], [], { axis: 0 });
      return emit("Unsqueeze", [rows.name, graph.integers([0])], [1, "T", width], []);
    },
    keepFactor: () =>
      constant(
        graph.memo("keep 1", () => graph.floats(Float32Array.of(1), [1, 1, 1])),
        [1, 1, 1],
      ),
    frozen: (x, weight) =>
      emit("MatMul", [x.name, weights.turned(weight)], withAxis(x.shape, -1, weight.shape[0]), [x]),
    parameters(names) {
      const { offset, size, shape } = stackAt(layout, names);
      const all = [1, names.length, ...shape];
      const read = (): Float32Array => point.slice(offset, offset + names.length * size);
      return constant(weights.values(names.join(), all, read), all);
    },
    given: (name) => fail(name, "a graph of texts alone", "values that a call brings"),
    matmulTransposed: (x, y, factor) => ({ ...timesTurned(graph, x, y, factor), shared: x.shared && y.shared }),
  };
}

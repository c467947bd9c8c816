import type { AttentionOptions, Ops } from "../../ops/ops";
import { FLOAT, INT32, INT64 } from "./graph";
import type { GraphBuilder } from "./graph";
import { rotationName } from "./low-ops";
import type { Feeds, Value } from "./low-ops";

/** GroupQueryAttention takes heads of a multiple of this size only. */
const KERNEL_WIDTH = 16;

/**
 * The coarse operations for which ONNX Runtime has one fused kernel. Used where no tangent is needed: the kernels return no
 * probabilities and no statistics.
 * @param small the same operations without fused kernels, for what a kernel does not take
 * Source: microsoft/onnxruntime docs/ContribOperators.md (MultiHeadAttention, GroupQueryAttention, Gelu).
 */
export function fusedOps(graph: GraphBuilder, feeds: Feeds, small: Ops<Value>): Partial<Ops<Value>> {
  const value = (name: string, ...from: readonly Value[]): Value => ({ name, shared: from.every((x) => x.shared) });
  const vector = (name: string, read: () => Float32Array, size: number): string =>
    graph.memo(`v${name}`, () => graph.floats(read(), [size]));

  /** Packed rows [R, T, width] -> padded texts of all points [R * B, S, width]. */
  const texts = (x: Value, width: number): string =>
    graph.node("Reshape", [
      graph.node("Gather", [x.name, graph.input("unpack", INT64, ["B", "S"])], { axis: 1 }),
      graph.input(`textRows:${width}`, INT64, [3]),
    ]);
  const packed = (x: string, shared: boolean): Value => ({
    name: graph.node(
      "Gather",
      [
        graph.node("Reshape", [x, graph.input(shared ? "flatRows:1" : "flatRows:R", INT64, [3])]),
        graph.input("pack", INT64, ["T"]),
      ],
      { axis: 1 },
    ),
    shared,
  });

  return {
    gelu: (x) => value(graph.node("Gelu", [x.name]), x),
    layerNorm: (x, scale, shift, epsilon) =>
      value(
        graph.node(
          "LayerNormalization",
          [
            x.name,
            vector(scale.name, () => scale.read(), scale.shape[0]),
            vector(shift.name, () => shift.read(), shift.shape[0]),
          ],
          { axis: -1, epsilon: { float: epsilon } },
        ),
        x,
      ),
    rmsNorm: (x, scale, epsilon) =>
      value(
        graph.node("SimplifiedLayerNormalization", [x.name, vector(scale.name, () => scale.read(), scale.shape[0])], {
          axis: -1,
          epsilon: { float: epsilon },
        }),
        x,
      ),
    attention(q, k, v, options: AttentionOptions) {
      const { heads, kvHeads, headSize, causal, window, rotary } = options;
      if (causal && headSize % KERNEL_WIDTH !== 0) return small.attention(q, k, v, options);
      // Queries, keys and values must agree on the leading axis; where only some are shared, copies are made for all points.
      const shared = q.shared && k.shared && v.shared;
      const spread = (x: Value): Value =>
        x.shared === shared ? x : { name: graph.node("Expand", [x.name, graph.input("points", INT64, [3])]), shared };
      const [qt, kt, vt] = [
        texts(spread(q), heads * headSize),
        texts(spread(k), kvHeads * headSize),
        texts(spread(v), kvHeads * headSize),
      ];
      const scale = { float: 1 / Math.sqrt(headSize) };
      if (!causal) {
        const lengths = graph.input(shared ? "lengths:1" : "lengths:R", INT32, ["N"]);
        return packed(graph.node("MultiHeadAttention", [qt, kt, vt, "", lengths], { num_heads: heads, scale }), shared);
      }
      const last = graph.input(shared ? "last:1" : "last:R", INT32, ["N"]);
      const inputs = [qt, kt, vt, "", "", last, graph.input("longest", INT32, [])];
      if (rotary) {
        const name = rotationName(feeds, rotary);
        inputs.push(
          graph.input(`cosHalf:${name}`, FLOAT, ["S", headSize / 2]),
          graph.input(`sinHalf:${name}`, FLOAT, ["S", headSize / 2]),
        );
      }
      const attributes = {
        num_heads: heads,
        kv_num_heads: kvHeads,
        local_window_size: window ?? -1,
        scale,
        do_rotary: rotary ? 1 : 0,
      };
      return packed(graph.node("GroupQueryAttention", inputs, attributes, 3), shared);
    },
  };
}

import type { AttentionOptions, Ops } from "../../ops/ops";
import type { KeyValueCache } from "./key-value-cache";
import { FLOAT, INT32, INT64 } from "./graph";
import type { Attribute, GraphBuilder } from "./graph";
import { rotationName } from "./low-ops";
import type { Value } from "./emit";
import type { Feeds } from "./low-ops";
import type { Dimension, Shape } from "../../ops/shape";

/** GroupQueryAttention takes heads of a multiple of this size only. */
const KERNEL_WIDTH = 16;

/**
 * Gives the coarse operations for which ONNX Runtime has one fused kernel. Used where no tangent is needed: the kernels return no
 * probabilities and no statistics.
 * @param small the same operations without fused kernels, for what a kernel does not take
 * @param cache what earlier passes left of the same texts, which the kernel adds to in place; default: nothing
 * Source: microsoft/onnxruntime docs/ContribOperators.md (MultiHeadAttention, GroupQueryAttention, Gelu).
 */
export function fusedOps(
  graph: GraphBuilder,
  feeds: Feeds,
  small: Ops<Value>,
  cache: KeyValueCache | null = null,
): Partial<Ops<Value>> {
  const emit = (
    type: string,
    inputs: readonly string[],
    shape: Shape,
    shared: boolean,
    attributes: Readonly<Record<string, Attribute>> = {},
    outputs = 1,
  ): Value => ({ name: graph.describe(graph.node(type, inputs, attributes, outputs), shape), shared, shape });
  const vector = (name: string, read: () => Float32Array, size: number): string =>
    graph.memo(`v${name}`, () => graph.floats(read(), [size]));

  /** Packed rows [R, T, width] -> padded texts of all points [R * B, S, width]. */
  const texts = ({ name, shape: [rows], shared }: Value, width: number): Value => {
    const unpack = graph.input("unpack", INT64, ["B", "S"]);
    const padded = emit("Gather", [name, unpack], [rows as Dimension, "B", "S", width], shared, { axis: 1 });
    const target = graph.input(`textRows:${width}`, INT64, [3]);
    return emit("Reshape", [padded.name, target], [shared ? "B" : "R*B", "S", width], shared);
  };
  const packed = ({ name, shared, shape }: Value): Value => {
    const [rows, width] = [shared ? 1 : "R", shape[2] as Dimension];
    const target = graph.input(shared ? "flatRows:1" : "flatRows:R", INT64, [3]);
    const flat = emit("Reshape", [name, target], [rows, "B*S", width], shared);
    return emit("Gather", [flat.name, graph.input("pack", INT64, ["T"])], [rows, "T", width], shared, { axis: 1 });
  };

  return {
    gelu: (x) => emit("Gelu", [x.name], x.shape, x.shared),
    layerNorm(x, scale, shift, epsilon) {
      const gain = vector(scale.name, () => scale.read(), scale.shape[0]);
      const offset = vector(shift.name, () => shift.read(), shift.shape[0]);
      const attributes = { axis: -1, epsilon: { float: epsilon } };
      return emit("LayerNormalization", [x.name, gain, offset], x.shape, x.shared, attributes);
    },
    rmsNorm(x, scale, epsilon) {
      const gain = vector(scale.name, () => scale.read(), scale.shape[0]);
      const attributes = { axis: -1, epsilon: { float: epsilon } };
      return emit("SimplifiedLayerNormalization", [x.name, gain], x.shape, x.shared, attributes);
    },
    attention(q, k, v, options: AttentionOptions, prefix = null) {
      const { heads, kvHeads, headSize, causal, window, rotary } = options;
      const { endsOfTexts, causalAttention } = graph.kernels;
      const fits = causal ? causalAttention && headSize % KERNEL_WIDTH === 0 : endsOfTexts !== null;
      if (prefix !== null || !fits) return small.attention(q, k, v, options, prefix);
      // Queries, keys and values must agree on the leading axis; where only some are shared, copies are made for all points.
      const shared = q.shared && k.shared && v.shared;
      const spread = (x: Value): Value =>
        x.shared === shared
          ? x
          : emit("Expand", [x.name, graph.input("points", INT64, [3])], ["R", ...x.shape.slice(1)], shared);
      const [qt, kt, vt] = [
        texts(spread(q), heads * headSize),
        texts(spread(k), kvHeads * headSize),
        texts(spread(v), kvHeads * headSize),
      ];
      const three = [qt.name, kt.name, vt.name];
      const scale = { float: 1 / Math.sqrt(headSize) };
      if (!causal) {
        const [rows, copies] = shared ? (["B", "1"] as const) : (["R*B", "R"] as const);
        const ends =
          endsOfTexts === "lengths"
            ? ["", graph.input(`lengths:${copies}`, INT32, [rows])]
            : ["", "", graph.input(`outsideText:${copies}`, FLOAT, [rows, 1, "S", "S"])];
        const attributes = { num_heads: heads, scale };
        return packed(emit("MultiHeadAttention", [...three, ...ends], qt.shape, shared, attributes));
      }
      const last = graph.input(shared ? "last:1" : "last:R", INT32, [shared ? "B" : "R*B"]);
      const before = cache?.inPlace(kvHeads, headSize, shared) ?? null;
      const inputs = [...three, ...(before?.inputs ?? ["", ""]), last, graph.input("longest", INT32, [])];
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
      const attended = emit("GroupQueryAttention", inputs, qt.shape, shared, attributes, 3);
      before?.kept([1, 2].map((output) => graph.sibling(attended.name, output)));
      return packed(attended);
    },
  };
}

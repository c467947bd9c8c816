import { fail } from "../../check/check";
import type { LowOps } from "../../ops/low-ops";
import type { EmbeddingIndex, FrozenMatrix, FrozenVector, Rotary } from "../../ops/ops";
import type { Layout } from "../../tree/layout";
import { entryOf } from "../../tree/layout";
import { constant, emitter } from "./emit";
import type { Value } from "./emit";
import { frozenProduct, heldMatrix } from "./frozen-product";
import { BOOL, FLOAT, INT64 } from "./graph";
import type { GraphBuilder } from "./graph";
import { broadcast, joined, productShape, restOf, withAxis } from "../../ops/shape";
import type { Dimension } from "../../ops/shape";
import type { WeightFile } from "./weight-file";

/** Rows of a frozen table that a run feeds for its tokens, so that the graph need not hold the table. */
export interface EmbeddingFeed {
  readonly input: string;
  readonly table: FrozenMatrix;
  readonly by: "token" | "position";
}

/** What a run must feed besides the geometry. */
export interface Feeds {
  readonly embeddings: Map<string, EmbeddingFeed>;
  /** By the name that their inputs carry. */
  readonly rotations: Map<string, Rotary>;
}

/** Gives the name of a rotation's inputs: equal rotations have one. */
export function rotationName(feeds: Feeds, rotary: Rotary): string {
  const content = JSON.stringify(rotary);
  for (const [name, known] of feeds.rotations) if (JSON.stringify(known) === content) return name;
  const name = String(feeds.rotations.size);
  feeds.rotations.set(name, rotary);
  return name;
}

/**
 * Emits ONNX nodes for the lower operations. All of P, B, S and T are dynamic.
 * @param points the leading axis of the trainable parameters: "R" points, or 1 in a dual graph
 * @param large each trainable tensor is an input of its own, `theta:NAME`, instead of a slice of theta, which would copy it
 */
export function onnxLowOps(
  graph: GraphBuilder,
  weights: WeightFile,
  layout: Layout,
  feeds: Feeds,
  points: Dimension,
  large: boolean,
): LowOps<Value> {
  const emit = emitter(graph);
  const unary = (type: string) => (x: Value) => emit(type, [x.name], x.shape, [x]);
  const binary = (type: string) => (x: Value, y: Value) =>
    emit(type, [x.name, y.name], broadcast(x.shape, y.shape), [x, y]);
  const number = (value: number): Value => constant(graph.scalar(value), []);
  const reduce = (type: string) => (x: Value) =>
    emit(type, [x.name, graph.integers([-1])], withAxis(x.shape, -1, 1), [x], { keepdims: 1 });
  const slice = (x: Value, from: number, to: number, axis: number, length: Dimension): Value =>
    emit(
      "Slice",
      [x.name, graph.integers([from]), graph.integers([to]), graph.integers([axis])],
      withAxis(x.shape, axis, length),
      [x],
    );
  const reshape = (x: Value, shape: readonly number[]): Value =>
    emit("Reshape", [x.name, graph.integers([0, ...shape])], [x.shape[0] as Dimension, ...shape], [x]);
  /** All tensors of each stack, cut apart once: one Split instead of one Gather for each site. */
  const parts = new Map<string, readonly string[]>();
  const partsOf = (stack: Value): readonly string[] => {
    const known = parts.get(stack.name);
    if (known) return known;
    const [, count, rows, ...others] = stack.shape as readonly number[];
    const flat = reshape(stack, [count * rows, ...others]);
    const head = graph.node("Split", [flat.name], { axis: 1, num_outputs: count }, count);
    const made = Array.from({ length: count }, (_, i) =>
      graph.describe(graph.sibling(head, i), withAxis(flat.shape, 1, rows)),
    );
    parts.set(stack.name, made);
    return made;
  };
  const mul = binary("Mul");
  const add = binary("Add");
  const END = 2 ** 31 - 1;

  return {
    embed(table: FrozenMatrix, by: EmbeddingIndex) {
      const width = table.shape[1];
      if (weights.isHeld(table)) {
        const all = constant(heldMatrix(graph, table), table.shape);
        const [axis] = [graph.integers([0])];
        if (by === "zero")
          return constant(graph.describe(graph.node("Unsqueeze", [slice(all, 0, 1, 0, 1).name, axis]), [1, 1, width]), [1, 1, width]); // prettier-ignore
        const rows = graph.input(by === "token" ? "ids" : "positions", INT64, ["T"]);
        const taken = graph.describe(graph.node("Gather", [all.name, rows], { axis: 0 }), ["T", width]);
        return constant(graph.describe(graph.node("Unsqueeze", [taken, axis]), [1, "T", width]), [1, "T", width]);
      }
      weights.check(table);
      if (by === "zero") {
        const name = graph.memo(`e0${table.name}`, () => graph.floats(table.rows([0]), [1, 1, width]));
        return constant(name, [1, 1, width]);
      }
      const input = `embedding:${by}:${table.name}`;
      feeds.embeddings.set(input, { input, table, by });
      return constant(graph.input(input, FLOAT, [1, "T", width]), [1, "T", width]);
    },
    frozen: (x, weight) => {
      const { name, shape } = frozenProduct(graph, weights, x, weight);
      return { name, shape, shared: x.shared };
    },
    vector: (weight: FrozenVector) =>
      constant(
        graph.memo(`v${weight.name}`, () => graph.floats(weight.read(), weight.shape)),
        weight.shape,
      ),
    parameters(names, of) {
      const entries = names.map((name) => entryOf(layout, name));
      const [head] = entries;
      if (!head) return fail("parameters", "at least one name", names);
      entries.forEach((entry, i) => {
        if (entry.offset !== head.offset + i * head.size || entry.shape.join() !== head.shape.join())
          fail(`parameters[${i}]`, `${head.name}'s shape ${head.shape.join("x")}, next in the layout`, entry.name);
      });
      const rows = of === "point" ? points : "P";
      if (large) {
        if (entries.length > 1) fail("parameters", "one tensor at a time of a large adapter", names);
        const shape = [rows, 1, ...head.shape];
        const input = graph.input(`${of === "point" ? "theta" : "directions"}:${head.name}`, FLOAT, shape);
        return { name: input, shared: false, shape };
      }
      const name = graph.input(of === "point" ? "theta" : "directions", FLOAT, [rows, layout.size]);
      const all: Value = { name, shared: false, shape: [rows, layout.size] };
      const length = entries.length * head.size;
      return reshape(slice(all, head.offset, head.offset + length, 1, length), [entries.length, ...head.shape]);
    },
    pick(stack, index) {
      const shape = stack.shape.slice(2);
      if (stack.shape[1] === 1) return reshape(stack, shape as readonly number[]);
      return {
        name: partsOf(stack)[index] as string,
        shared: stack.shared,
        shape: [stack.shape[0] as Dimension, ...shape],
      };
    },
    reshape,
    matmul: (x, y) => emit("MatMul", [x.name, y.name], productShape(x.shape, y.shape), [x, y]),
    matmulTransposed: (x, y, factor) => {
      const turned = [...y.shape.slice(0, -2), ...y.shape.slice(-2).reverse()];
      const attributes = { transB: 1, alpha: { float: factor } };
      return emit("FusedMatMul", [x.name, y.name], productShape(x.shape, turned), [x, y], attributes);
    },
    gather(table, by) {
      const width = table.shape[2] as Dimension;
      if (by === "zero") return slice(table, 0, 1, 1, 1);
      const rows = graph.input(by === "token" ? "ids" : "positions", INT64, ["T"]);
      return emit("Gather", [table.name, rows], [table.shape[0] as Dimension, "T", width], [table], { axis: 1 });
    },
    add,
    subtract: binary("Sub"),
    multiply: mul,
    scale: (x, factor) => (factor === 1 ? x : mul(x, number(factor))),
    addScalar: (x, term) => add(x, number(term)),
    positive(x) {
      const is = graph.describe(graph.node("Greater", [x.name, graph.scalar(0)]), x.shape, BOOL);
      return emit("Cast", [is], x.shape, [x], { to: FLOAT });
    },
    relu: unary("Relu"),
    tanh: unary("Tanh"),
    sigmoid: unary("Sigmoid"),
    erf: unary("Erf"),
    exp: unary("Exp"),
    inverseSqrt: (x) => unary("Reciprocal")(unary("Sqrt")(x)),
    sum: reduce("ReduceSum"),
    mean: reduce("ReduceMean"),
    softmax: (x) => emit("Softmax", [x.name], x.shape, [x], { axis: -1 }),
    logSumExp: reduce("ReduceLogSumExp"),
    concat(values) {
      const leading = joined(values.map(({ shape }) => shape[0] as Dimension));
      const shape = withAxis((values[0] as Value).shape, 0, leading);
      const names = values.map(({ name }) => name);
      return emit("Concat", names, shape, values, { axis: 0 });
    },
    first: (x) => slice(x, 0, 1, 0, 1),
    rest: (x) => slice(x, 1, END, 0, restOf(x.shape[0] as Dimension)),
    splitHeads(x, groups, perGroup) {
      const [rows, , width] = x.shape as readonly [Dimension, Dimension, number];
      const size = width / (groups * perGroup);
      const unpack = graph.input("unpack", INT64, ["B", "S"]);
      const padded = emit("Gather", [x.name, unpack], [rows, "B", "S", width], [x], { axis: 1 });
      const shape = [rows, "B", "S", groups, perGroup, size];
      const target = graph.integers([0, 0, 0, groups, perGroup, size]);
      const heads = emit("Reshape", [padded.name, target], shape, [x]);
      return emit("Transpose", [heads.name], [rows, "B", groups, perGroup, "S", size], [x], {
        perm: [0, 1, 3, 4, 2, 5],
      });
    },
    mergeHeads(x) {
      const [rows, , groups, perGroup, , size] = x.shape as readonly [Dimension, "B", number, number, "S", number];
      const width = groups * perGroup * size;
      const back = emit("Transpose", [x.name], [rows, "B", "S", groups, perGroup, size], [x], {
        perm: [0, 1, 4, 2, 3, 5],
      });
      const flat = emit("Reshape", [back.name, graph.input("flatRows", INT64, [3])], [rows, "B*S", width], [x]);
      return emit("Gather", [flat.name, graph.input("pack", INT64, ["T"])], [rows, "T", width], [x], { axis: 1 });
    },
    rotate(x, rotary) {
      const name = rotationName(feeds, rotary);
      const half = rotary.frequencies.length;
      const angle = (part: string): Value => {
        const shape = ["S", 2 * half];
        return constant(graph.input(`${part}:${name}`, FLOAT, shape), shape);
      };
      const high = unary("Neg")(slice(x, half, END, -1, half));
      const turned = emit("Concat", [high.name, slice(x, 0, half, -1, half).name], x.shape, [x], { axis: -1 });
      return add(mul(x, angle("cos")), mul(turned, angle("sin")));
    },
    mask(scores, { causal, window }) {
      const shape = causal ? scores.shape.slice(-2) : ["B", 1, 1, 1, "S"];
      const input = graph.input(causal ? `causalMask:${window ?? "all"}` : "paddingMask", FLOAT, shape);
      return add(scores, constant(input, shape));
    },
    meanPool: (x) => emit("MatMul", [graph.input("pool", FLOAT, ["B", "T"]), x.name], withAxis(x.shape, -2, "B"), [x]),
    takeScored: (x) =>
      emit("Gather", [x.name, graph.input("scored", INT64, ["K"])], withAxis(x.shape, 1, "K"), [x], { axis: 1 }),
    takeTargets(x) {
      // The rows of logits as one long row, which is no copy; a scored token's target has one place in it.
      const [rows, , width] = x.shape as readonly [Dimension, "K", number];
      const flat = emit("Reshape", [x.name, graph.integers([0, -1])], [rows, `K*${width}`], [x]);
      const places = graph.input(`targets:${width}`, INT64, ["K"]);
      const taken = emit("Gather", [flat.name, places], [rows, "K"], [x], { axis: 1 });
      return emit("Unsqueeze", [taken.name, graph.integers([-1])], [rows, "K", 1], [x]);
    },
  };
}

import { fail } from "../../check/check";
import type { LowOps } from "../../ops/low-ops";
import type { EmbeddingIndex, FrozenMatrix, FrozenVector, Rotary } from "../../ops/ops";
import type { Layout } from "../../tree/layout";
import { entryOf } from "../../tree/layout";
import { FLOAT, INT64 } from "./graph";
import type { GraphBuilder } from "./graph";
import type { WeightFile } from "./weight-file";

/** A node's output. `shared` values have leading axis 1: nothing trainable has touched them. */
export interface Value {
  readonly name: string;
  readonly shared: boolean;
}

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

/** The name of a rotation's inputs: equal rotations have one. */
export function rotationName(feeds: Feeds, rotary: Rotary): string {
  const content = JSON.stringify(rotary);
  for (const [name, known] of feeds.rotations) if (JSON.stringify(known) === content) return name;
  const name = String(feeds.rotations.size);
  feeds.rotations.set(name, rotary);
  return name;
}

/** Emits ONNX nodes for the lower operations. All of P, B, S and T are dynamic. */
export function onnxLowOps(graph: GraphBuilder, weights: WeightFile, layout: Layout, feeds: Feeds): LowOps<Value> {
  const value = (name: string, ...from: readonly Value[]): Value => ({ name, shared: from.every((x) => x.shared) });
  const unary = (type: string) => (x: Value) => value(graph.node(type, [x.name]), x);
  const binary = (type: string) => (x: Value, y: Value) => value(graph.node(type, [x.name, y.name]), x, y);
  const constant = (name: string): Value => ({ name, shared: true });
  const reduce = (type: string) => (x: Value) =>
    value(graph.node(type, [x.name, graph.integers([-1])], { keepdims: 1 }), x);
  const slice = (x: string, from: number, to: number, axis: number): string =>
    graph.node("Slice", [x, graph.integers([from]), graph.integers([to]), graph.integers([axis])]);
  const END = 2 ** 31 - 1;

  return {
    embed(table: FrozenMatrix, by: EmbeddingIndex) {
      if (by === "zero")
        return constant(graph.memo(`e0${table.name}`, () => graph.floats(table.rows([0]), [1, 1, table.shape[1]])));
      const input = `embedding:${by}:${table.name}`;
      feeds.embeddings.set(input, { input, table, by });
      return constant(graph.input(input, FLOAT, [1, "T", table.shape[1]]));
    },
    frozen: (x, weight) =>
      value(
        graph.node("FusedMatMul", [x.name, graph.external(weight.name, weight.shape, weights.place(weight))], {
          transB: 1,
        }),
        x,
      ),
    vector: (weight: FrozenVector) =>
      constant(graph.memo(`v${weight.name}`, () => graph.floats(weight.read(), weight.shape))),
    parameters(names, of) {
      const entries = names.map((name) => entryOf(layout, name));
      const [head] = entries;
      if (!head) return fail("parameters", "at least one name", names);
      entries.forEach((entry, i) => {
        if (entry.offset !== head.offset + i * head.size || entry.shape.join() !== head.shape.join())
          fail(`parameters[${i}]`, `${head.name}'s shape ${head.shape.join("x")}, next in the layout`, entry.name);
      });
      const input = graph.input(of === "point" ? "theta" : "directions", FLOAT, [
        of === "point" ? "R" : "P",
        layout.size,
      ]);
      const part = slice(input, head.offset, head.offset + entries.length * head.size, 1);
      const stack = graph.node("Reshape", [part, graph.integers([0, entries.length, ...head.shape])]);
      return { name: stack, shared: false };
    },
    pick: (stack, index) => value(graph.node("Gather", [stack.name, graph.integers([index], [])], { axis: 1 }), stack),
    reshape: (x, shape) => value(graph.node("Reshape", [x.name, graph.integers([0, ...shape])]), x),
    matmul: binary("MatMul"),
    matmulTransposed: (x, y, factor) =>
      value(graph.node("FusedMatMul", [x.name, y.name], { transB: 1, alpha: { float: factor } }), x, y),
    add: binary("Add"),
    subtract: binary("Sub"),
    multiply: binary("Mul"),
    scale: (x, factor) => (factor === 1 ? x : value(graph.node("Mul", [x.name, graph.scalar(factor)]), x)),
    addScalar: (x, term) => value(graph.node("Add", [x.name, graph.scalar(term)]), x),
    positive: (x) => value(graph.node("Cast", [graph.node("Greater", [x.name, graph.scalar(0)])], { to: FLOAT }), x),
    relu: unary("Relu"),
    tanh: unary("Tanh"),
    sigmoid: unary("Sigmoid"),
    erf: unary("Erf"),
    exp: unary("Exp"),
    inverseSqrt: (x) => value(graph.node("Reciprocal", [graph.node("Sqrt", [x.name])]), x),
    sum: reduce("ReduceSum"),
    mean: reduce("ReduceMean"),
    softmax: (x) => value(graph.node("Softmax", [x.name], { axis: -1 }), x),
    concat: (values) => ({
      name: graph.node(
        "Concat",
        values.map((x) => x.name),
        { axis: 0 },
      ),
      shared: false,
    }),
    first: (x) => ({ name: slice(x.name, 0, 1, 0), shared: x.shared }),
    rest: (x) => ({ name: slice(x.name, 1, END, 0), shared: false }),
    splitHeads(x, groups, perGroup) {
      const padded = graph.node("Gather", [x.name, graph.input("unpack", INT64, ["B", "S"])], { axis: 1 });
      const heads = graph.node("Reshape", [padded, graph.integers([0, 0, 0, groups, perGroup, -1])]);
      return value(graph.node("Transpose", [heads], { perm: [0, 1, 3, 4, 2, 5] }), x);
    },
    mergeHeads(x) {
      const back = graph.node("Transpose", [x.name], { perm: [0, 1, 4, 2, 3, 5] });
      const rows = graph.node("Reshape", [back, graph.input("flatRows", INT64, [3])]);
      return value(graph.node("Gather", [rows, graph.input("pack", INT64, ["T"])], { axis: 1 }), x);
    },
    rotate(x, rotary) {
      const name = rotationName(feeds, rotary);
      const half = rotary.frequencies.length;
      const cosine = graph.input(`cos:${name}`, FLOAT, ["S", 2 * half]);
      const sine = graph.input(`sin:${name}`, FLOAT, ["S", 2 * half]);
      const low = slice(x.name, 0, half, -1);
      const high = slice(x.name, half, END, -1);
      const turned = graph.node("Concat", [graph.node("Neg", [high]), low], { axis: -1 });
      return value(graph.node("Add", [graph.node("Mul", [x.name, cosine]), graph.node("Mul", [turned, sine])]), x);
    },
    mask: (scores, { causal, window }) =>
      value(
        graph.node("Add", [
          scores.name,
          causal
            ? graph.input(`causalMask:${window ?? "all"}`, FLOAT, ["S", "S"])
            : graph.input("paddingMask", FLOAT, ["B", 1, 1, 1, "S"]),
        ]),
        scores,
      ),
    meanPool: (x) => value(graph.node("MatMul", [graph.input("pool", FLOAT, ["B", "T"]), x.name]), x),
    takeScored: (x) => value(graph.node("Gather", [x.name, graph.input("scored", INT64, ["B"])], { axis: 1 }), x),
  };
}

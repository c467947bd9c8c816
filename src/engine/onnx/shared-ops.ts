import type { LowOps } from "../../ops/low-ops";
import { LEAST_WIDTH, stepsOf } from "../../ops/grid";
import type { FrozenVector, Rotary } from "../../ops/ops";
import { broadcast, joined, productShape, restOf, withAxis } from "../../ops/shape";
import type { Dimension, Shape } from "../../ops/shape";
import { constant, emitter } from "./emit";
import type { Value } from "./emit";
import { BOOL, FLOAT, INT64 } from "./graph";
import type { GraphBuilder } from "./graph";

/** What a graph computes with the session's own operators, or where its weights lie: each kind of graph has its own. */
type Own = "embed" | "frozen" | "parameters" | "given" | "matmulTransposed" | "keepFactor";

/** The lower operations that every graph has alike, of the ONNX standard alone. */
export interface SharedOps extends Omit<LowOps<Value>, Own> {
  slice(x: Value, from: number, to: number, axis: number, length: Dimension): Value;
}

/**
 * Emits the nodes that every graph has alike. Which token belongs to which text are inputs of the graph.
 * @param rotationName gives the name that a rotation's inputs carry
 */
export function sharedOps(graph: GraphBuilder, rotationName: (rotary: Rotary) => string): SharedOps {
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
  /** All tensors of each stack, cut apart once: a Split instead of one Gather for each site. */
  const parts = new Map<string, readonly string[]>();
  const partsOf = (stack: Value): readonly string[] => {
    const known = parts.get(stack.name);
    if (known) return known;
    const [, count, rows, ...others] = stack.shape as readonly number[];
    const flat = reshape(stack, [count * rows, ...others]);
    const made: string[] = [];
    const { mostParts } = graph.kernels;
    for (let from = 0; from < count; from += mostParts) {
      const size = Math.min(mostParts, count - from);
      const some = size === count ? flat : slice(flat, from * rows, (from + size) * rows, 1, size * rows);
      if (size === 1) made.push(some.name);
      else {
        const head = graph.node("Split", [some.name], { axis: 1, num_outputs: size }, size);
        for (let i = 0; i < size; i++) made.push(graph.describe(graph.sibling(head, i), withAxis(flat.shape, 1, rows)));
      }
    }
    parts.set(stack.name, made);
    return made;
  };
  const mul = binary("Mul");
  const add = binary("Add");
  const END = 2 ** 31 - 1;

  return {
    vector: (weight: FrozenVector) =>
      constant(
        graph.memo(`v${weight.name}`, () => graph.floats(weight.read(), weight.shape)),
        weight.shape,
      ),
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
    slice,
    matmul: (x, y) => emit("MatMul", [x.name, y.name], productShape(x.shape, y.shape), [x, y]),
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
    round(x, grid) {
      const axes = grid.per === "row" ? [x.shape.length - 1] : x.shape.map((_, axis) => axis).slice(1);
      const narrow = axes.reduce<Shape>((shape, axis) => withAxis(shape, axis, 1), x.shape);
      const over = (type: string, value: Value): Value =>
        emit(type, [value.name, graph.integers(axes)], narrow, [value], { keepdims: 1 });
      const bounded = (value: Value, type: "Min" | "Max", by: number): Value => binary(type)(value, number(by));
      const div = binary("Div");
      const steps = number(stepsOf(grid));
      const levelOf = (value: Value, width: Value): Value => unary("Round")(div(mul(value, steps), width));
      if (grid.range === "symmetric") {
        const width = bounded(over("ReduceMax", unary("Abs")(x)), "Max", LEAST_WIDTH);
        return mul(levelOf(x, width), div(width, steps));
      }
      const least = bounded(over("ReduceMin", x), "Min", 0);
      const most = bounded(over("ReduceMax", x), "Max", 0);
      const width = bounded(binary("Sub")(most, least), "Max", LEAST_WIDTH);
      const zero = levelOf(unary("Neg")(least), width);
      const level = bounded(bounded(add(levelOf(x, width), zero), "Max", 0), "Min", stepsOf(grid));
      return mul(binary("Sub")(level, zero), div(width, steps));
    },
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
      const name = rotationName(rotary);
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

import { fail } from "../../check/check";
import type { Reversible } from "../../ops/reversible";
import { LEAST_WIDTH, stepsOf } from "../../ops/grid";
import type { EmbeddingIndex } from "../../ops/ops";
import { stackAt } from "../../tree/layout";
import { poolMatrix, turns } from "../batch-tables";
import type { Geometry } from "../onnx/geometry";
import type { Product } from "./product";
import { embeddingKey } from "./protocol";
import type { TfPass } from "./protocol";
import type { Tensor, TensorFlow } from "./tensorflow";
import type { FrozenTensors } from "./weights";

/**
 * Gives the lower operations on TensorFlow.js tensors, each computed when it is called, with their adjoints. Every operation returns
 * a tensor of its own, which the caller disposes; inside `tidy` nothing else stays.
 * @param cotangent the loss's derivative by the features, asked for when they are there
 */
export function tfOps(
  tf: TensorFlow,
  product: Product,
  frozen: FrozenTensors,
  pass: TfPass,
  cotangent: () => Float32Array = () => fail("cotangent", "a derivative by each feature", "none"),
): Reversible<Tensor> {
  const { geometry, layout } = pass;
  const { texts: B, longest: S, tokens: T } = geometry;
  const indices = (values: Int32Array): Tensor => tf.tensor1d(values, "int32");
  const column = (values: Float32Array): Tensor => tf.tensor3d(values, [1, values.length, 1]);
  const half = (x: Tensor): readonly Tensor[] => tf.split(x, 2, x.rank - 1);
  /** [R, B S, W] -> [R, B, groups, perGroup, S, W / (groups perGroup)] */
  const toHeads = (x: Tensor, groups: number, perGroup: number): Tensor => {
    const [R, , width] = x.shape;
    const size = width / (groups * perGroup);
    const heads = tf.transpose(tf.reshape(x, [R * B, S, groups * perGroup, size]), [0, 2, 1, 3]);
    return tf.reshape(heads, [R, B, groups, perGroup, S, size]);
  };
  const padded = (x: Tensor): Tensor => tf.gather(x, indices(geometry.unpack), 1);
  const pool = (): Tensor => tf.tensor3d(poolMatrix(geometry), [1, B, T]);
  const K = geometry.scored.length;
  const scored = (): Tensor => tf.tensor3d(scoredMatrix(geometry), [1, K, T]);
  const targets = (): Int32Array =>
    geometry.targets ?? fail("batch.targets", "a token for each scored position", "none");

  return {
    embed(table, by) {
      const rows = pass.embeddings.get(embeddingKey(table.name, by));
      if (rows === undefined) return fail("embeddings", `rows of ${table.name} by ${by}`, "none");
      return tf.tensor3d(rows.data, [1, rows.data.length / rows.width, rows.width]);
    },
    frozen: (x, weight) => frozen.times(x, weight.name),
    vector: (weight) => tf.clone(frozen.vector(weight.name)),
    parameters(names, of) {
      const all = of === "point" ? pass.points : pass.directions;
      const head = stackAt(layout, names);
      const rows = all.length / layout.size;
      const size = head.size * names.length;
      const data = new Float32Array(rows * size);
      for (let r = 0; r < rows; r++) {
        const at = r * layout.size + head.offset;
        data.set(all.subarray(at, at + size), r * size);
      }
      return tf.tensor(data, [rows, names.length, ...head.shape]);
    },
    given(name) {
      const rows = pass.given?.get(name) ?? fail(name, "values that the call brings", "none");
      return tf.tensor(rows.data, [...rows.shape]);
    },
    pick(stack, index) {
      const [R, , ...rest] = stack.shape;
      const start = stack.shape.map((_, axis) => (axis === 1 ? index : 0));
      return tf.reshape(tf.slice(stack, start, [R, 1, ...rest]), [R, ...rest]);
    },
    reshape: (x, shape) => tf.reshape(x, [x.shape[0], ...shape]),
    matmul: (x, y) => product(x, y),
    matmulTransposed: (x, y, factor) => {
      const found = product(x, y, { y: true });
      return factor === 1 ? found : tf.mul(found, factor);
    },
    gather: (table, by) => tf.gather(table, indices(rowsBy(geometry, by)), 1),
    add: (x, y) => tf.add(x, y),
    subtract: (x, y) => tf.sub(x, y),
    multiply: (x, y) => tf.mul(x, y),
    scale: (x, factor) => (factor === 1 ? tf.clone(x) : tf.mul(x, factor)),
    addScalar: (x, term) => tf.add(x, term),
    keepFactor: (site) => tf.tensor3d([pass.keep?.get(site) ?? 1], [1, 1, 1]),
    round(x, grid) {
      const axes = grid.per === "row" ? [x.rank - 1] : x.shape.map((_, axis) => axis).slice(1);
      const steps = stepsOf(grid);
      const levelOf = (value: Tensor, width: Tensor): Tensor => tf.round(tf.div(tf.mul(value, steps), width));
      if (grid.range === "symmetric") {
        const width = tf.maximum(tf.max(tf.abs(x), axes, true), LEAST_WIDTH);
        return tf.mul(levelOf(x, width), tf.div(width, steps));
      }
      const least = tf.minimum(tf.min(x, axes, true), 0);
      const width = tf.maximum(tf.sub(tf.maximum(tf.max(x, axes, true), 0), least), LEAST_WIDTH);
      const zero = levelOf(tf.neg(least), width);
      const level = tf.clipByValue(tf.add(levelOf(x, width), zero), 0, steps);
      return tf.mul(tf.sub(level, zero), tf.div(width, steps));
    },
    positive: (x) => tf.step(x),
    relu: (x) => tf.relu(x),
    tanh: (x) => tf.tanh(x),
    sigmoid: (x) => tf.sigmoid(x),
    erf: (x) => tf.erf(x),
    exp: (x) => tf.exp(x),
    inverseSqrt: (x) => tf.rsqrt(x),
    sum: (x) => tf.sum(x, -1, true),
    mean: (x) => tf.mean(x, -1, true),
    softmax: (x) => tf.softmax(x),
    logSumExp: (x) => tf.logSumExp(x, -1, true),
    concat: (values) => tf.concat([...values], 0),
    first: (x) =>
      tf.slice(
        x,
        x.shape.map(() => 0),
        [1, ...x.shape.slice(1)],
      ),
    rest: (x) =>
      tf.slice(
        x,
        x.shape.map((_, axis) => (axis === 0 ? 1 : 0)),
        [x.shape[0] - 1, ...x.shape.slice(1)],
      ),
    splitHeads: (x, groups, perGroup) => toHeads(padded(x), groups, perGroup),
    mergeHeads(x) {
      const [R, , groups, perGroup, , size] = x.shape;
      const tokens = tf.transpose(tf.reshape(x, [R * B, groups * perGroup, S, size]), [0, 2, 1, 3]);
      return tf.gather(tf.reshape(tokens, [R, B * S, groups * perGroup * size]), indices(geometry.pack), 1);
    },
    rotate(x, rotary) {
      const width = x.shape[x.rank - 1];
      const rows = tf.reshape(x, [-1, S, width]);
      const [low, high] = half(rows);
      const turned = tf.concat([tf.neg(high), low], 2);
      const at = (f: (angle: number) => number): Tensor => tf.tensor3d(turns(S, rotary, f, 2), [1, S, width]);
      return tf.reshape(tf.add(tf.mul(rows, at(Math.cos)), tf.mul(turned, at(Math.sin))), x.shape);
    },
    mask(scores, { causal, window }) {
      const [R, , groups, perGroup] = scores.shape;
      const hidden = Float32Array.from({ length: B * S * S }, (_, i) => {
        const [b, from, to] = [Math.floor(i / (S * S)), Math.floor(i / S) % S, i % S];
        const seen = to < geometry.lengths[b] && !(causal && to > from) && !(window !== null && from - to >= window);
        return seen ? 0 : -1e9;
      });
      const all = tf.reshape(scores, [R, B, groups * perGroup, S, S]);
      return tf.reshape(tf.add(all, tf.tensor5d(hidden, [1, B, 1, S, S])), scores.shape);
    },
    meanPool: (x) => product(pool(), x),
    takeScored: (x) => tf.gather(x, indices(geometry.scored), 1),
    takeTargets(x) {
      const [R, , width] = x.shape;
      const places = targets().map((target, k) => k * width + target);
      return tf.reshape(tf.gather(tf.reshape(x, [R, K * width]), indices(places), 1), [R, K, 1]);
    },

    cotangent: ({ shape }) => tf.tensor(cotangent(), shape),
    sumTo(x, shape) {
      const missing = x.rank - shape.length;
      const axes = x.shape.flatMap((size, axis) =>
        axis < missing || (shape[axis - missing] === 1 && size > 1) ? [axis] : [],
      );
      if (axes.length === 0) return tf.clone(x);
      const sum = tf.sum(x, axes, true);
      return tf.reshape(sum, sum.shape.slice(missing));
    },
    spread: (x, width) => tf.broadcastTo(x, [...x.shape.slice(0, -1), width]),
    matmulOfTransposed: (x, y) => product(x, y, { x: true }),
    frozenBack: (x, weight) => frozen.timesBack(x, weight.name),
    unpick(picked, indices, count) {
      const parts = Array.from({ length: count }, (_, index) => {
        const at = indices.indexOf(index);
        return at < 0 ? tf.zeros(picked[0].shape) : picked[at];
      });
      return tf.stack(parts, 1);
    },
    unmergeHeads: (x, groups, perGroup) => toHeads(tf.mul(padded(x), column(insideText(geometry))), groups, perGroup),
    unpool: (x) => product(pool(), x, { x: true }),
    ungather(x, by, rows) {
      const taken = rowsBy(geometry, by);
      const matrix = new Float32Array(taken.length * rows);
      taken.forEach((row, t) => (matrix[t * rows + row] = 1));
      return product(tf.tensor3d(matrix, [1, taken.length, rows]), x, { x: true });
    },
    untakeScored: (x) => product(scored(), x, { x: true }),
    untakeTargets: (x, width) => tf.mul(tf.oneHot(indices(targets()), width), x),
  };
}

/** The row of a table that each packed token takes; one row for all by "zero". */
function rowsBy({ ids, positions }: Geometry, by: EmbeddingIndex): Int32Array {
  return by === "token" ? ids : by === "position" ? positions : Int32Array.of(0);
}

/** 1 at each scored token: [K, T]. */
function scoredMatrix({ tokens, scored }: Geometry): Float32Array {
  const matrix = new Float32Array(scored.length * tokens);
  scored.forEach((row, k) => (matrix[k * tokens + row] = 1));
  return matrix;
}

/** 1 at the padded places that hold a token, 0 past a text's end: [B S]. */
function insideText({ texts, longest, lengths }: Geometry): Float32Array {
  return Float32Array.from({ length: texts * longest }, (_, i) =>
    i % longest < lengths[Math.floor(i / longest)] ? 1 : 0,
  );
}

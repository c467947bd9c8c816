import { entryOf } from "../tree/layout";
import type { Layout } from "../tree/layout";
import type { EmbeddingIndex } from "./ops";
import type { Reversible } from "./reversible";
import { broadcast, joined, productShape, restOf, withAxis } from "./shape";
import type { Dimension, Shape } from "./shape";

/**
 * Gives the shapes of the lower operations instead of their values. Sizes that only a batch decides have the names of `Ops`: T tokens, B
 * texts, S the longest of them, K scored tokens, P directions.
 * For example `run(recording, shapeOps(layout, 1), garbageCollected)`: the shape of each output.
 * @param points the leading axis of the trainable parameters
 */
export function shapeOps(layout: Layout, points: Dimension): Reversible<Shape> {
  const same = (x: Shape): Shape => x;
  const narrow = (x: Shape): Shape => withAxis(x, -1, 1);
  const rowsBy = (by: EmbeddingIndex): Dimension => (by === "zero" ? 1 : "T");
  const heads = ([leading, , width]: Shape, groups: number, perGroup: number): Shape => [
    leading as Dimension,
    "B",
    groups,
    perGroup,
    "S",
    Number(width) / groups / perGroup,
  ];
  return {
    embed: ({ shape: [, width] }, by) => [1, rowsBy(by), width],
    gather: (table, by) => withAxis(table, 1, rowsBy(by)),
    frozen: (x, { shape: [outputs] }) => withAxis(x, -1, outputs),
    vector: ({ shape }) => shape,
    parameters: (names, of) => [of === "point" ? points : "P", names.length, ...entryOf(layout, names[0] ?? "").shape],
    given: (_name, shape) => shape,
    pick: ([leading, , ...rest]) => [leading as Dimension, ...rest],
    reshape: ([leading], shape) => [leading as Dimension, ...shape],
    matmul: productShape,
    matmulTransposed: (x, y) => productShape(x, swapped(y)),
    add: broadcast,
    subtract: broadcast,
    multiply: broadcast,
    scale: same,
    addScalar: same,
    keepFactor: () => [1, 1, 1],
    round: same,
    positive: same,
    relu: same,
    tanh: same,
    sigmoid: same,
    erf: same,
    exp: same,
    inverseSqrt: same,
    sum: narrow,
    mean: narrow,
    softmax: same,
    logSumExp: narrow,
    concat: (values) => withAxis(values[0] as Shape, 0, joined(values.map(([leading]) => leading as Dimension))),
    first: (x) => withAxis(x, 0, 1),
    rest: (x) => withAxis(x, 0, restOf(x[0] as Dimension)),
    splitHeads: heads,
    mergeHeads: ([leading, , groups, perGroup, , size]) => [
      leading as Dimension,
      "T",
      Number(groups) * Number(perGroup) * Number(size),
    ],
    rotate: same,
    mask: same,
    meanPool: (x) => withAxis(x, 1, "B"),
    takeScored: (x) => withAxis(x, 1, "K"),
    takeTargets: narrow,

    cotangent: same,
    sumTo: (_x, shape) => shape,
    spread: (x, width) => withAxis(x, -1, width),
    matmulOfTransposed: (x, y) => productShape(swapped(x), y),
    frozenBack: (x, { shape: [, inputs] }) => withAxis(x, -1, inputs),
    unpick: ([first = []], _indices, count) => [first[0] as Dimension, count, ...first.slice(1)],
    unmergeHeads: heads,
    unpool: (x) => withAxis(x, 1, "T"),
    untakeScored: (x) => withAxis(x, 1, "T"),
    untakeTargets: (x, width) => withAxis(x, -1, width),
    ungather: (x, _by, rows) => withAxis(x, 1, rows),
  };
}

function swapped(shape: Shape): Shape {
  return [...shape.slice(0, -2), ...shape.slice(-2).reverse()];
}

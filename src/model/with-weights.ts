import type { FrozenMatrix, FrozenVector } from "../ops/ops";
import { sameLength } from "../check/check";
import type { Layout } from "../tree/layout";
import { view } from "../tree/layout";
import type { Model } from "./model";

/**
 * Makes a model that reads other values in place of its own weights, wherever `values` has some by a weight's name; they are asked for whenever
 * they are read.
 * For example `withWeights(model, (name) => (name === "a.weight" ? tuned : null), "tuned")`.
 * @param id the new model's: two with equal `id` must have equal weights; default: the model's own
 */
export function withWeights(model: Model, values: (name: string) => Float32Array | null, id: string = model.id): Model {
  const matrix = (own: FrozenMatrix): FrozenMatrix => {
    if (values(own.name) === null) return own;
    const { name, shape, rounding } = own;
    const now = (): Float32Array => values(name) ?? own.read();
    return {
      name,
      shape,
      ...(rounding === undefined ? {} : { rounding }),
      read: now,
      rows: (indices) => rowsOf(now(), shape[1], indices),
    };
  };
  const vector = (own: FrozenVector): FrozenVector =>
    values(own.name) === null ? own : { ...own, read: () => values(own.name) ?? own.read() };
  const { head } = model;
  const heldBias = head?.biases ? vector(head.biases) : null;
  return {
    ...model,
    id,
    head: head && {
      ...head,
      weight: matrix(head.weight),
      biases: heldBias,
      rows: (ids) => (values(head.weight.name) === null ? head.rows(ids) : matrix(head.weight).rows(ids)),
      bias: (ids) =>
        head.biases === null || heldBias === head.biases
          ? head.bias(ids)
          : Float32Array.from(ids, (token) => (heldBias as FrozenVector).read()[token]!),
    },
    forward: (ops, hooks, tap) =>
      model.forward(
        {
          ...ops,
          embed: (table, by) => ops.embed(matrix(table), by),
          linear: (x, weight, bias) => ops.linear(x, matrix(weight), bias && vector(bias)),
          layerNorm: (x, scale, shift, epsilon) => ops.layerNorm(x, vector(scale), vector(shift), epsilon),
          rmsNorm: (x, scale, epsilon) => ops.rmsNorm(x, vector(scale), epsilon),
        },
        hooks,
        tap,
      ),
  };
}

/**
 * Makes the model that full-parameter training has made of another: frozen, with a point's tensors in place of its own.
 * For example `modelAt(model, adapter.layout, tuned, "minilm tuned on trec, seed 0").id`.
 * @param layout of an adapter of kind "full", without factors
 * @param id as `withWeights`
 */
export function modelAt(model: Model, layout: Layout, point: Float32Array, id: string): Model {
  sameLength("point", point.length, layout.size);
  const names = new Set(layout.entries.map(({ name }) => name));
  return withWeights(model, (name) => (names.has(name) ? view(layout, point, name) : null), id);
}

function rowsOf(all: Float32Array, columns: number, indices: ArrayLike<number>): Float32Array {
  const taken = new Float32Array(indices.length * columns);
  for (let i = 0; i < indices.length; i++)
    taken.set(all.subarray(indices[i]! * columns, (indices[i]! + 1) * columns), i * columns);
  return taken;
}

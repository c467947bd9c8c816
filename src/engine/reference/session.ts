import type { Adapter } from "../../adapter/adapter";
import { sameLength } from "../../check/check";
import { forwardWith } from "../../model/forward-with";
import type { Model } from "../../model/model";
import { dual } from "../../ops/dual";
import { plain } from "../../ops/plain";
import { garbageCollected, run } from "../../ops/program";
import type { Memory } from "../../ops/program";
import { findHidden } from "../find-hidden";
import { recordGradient, recordHidden } from "../record-model";
import { checkTokens } from "../rows";
import { asFactorLayout } from "../../tree/factor-layout";
import type { FrozenMatrix } from "../../ops/ops";
import { baseInMemory, heldBase } from "../held-base";
import type { Features, ModelSession, TokenBatch } from "../session";
import { keepOf } from "../keep-factors";
import { addStack } from "../gradient-parts";
import { referenceOps } from "./low-ops";
import type { Point } from "./low-ops";
import { reversibleReference } from "./reversible";
import { tensor } from "./tensor";
import type { Tensor } from "./tensor";

/**
 * Opens a model on the float64 interpreter: slow, exact from frozen float32 weights and the points as they are.
 * For example `(await referenceSession(model, adapter).features([adapter.initial(0)], { ids: [[5, 6]] })).width`: the model's.
 */
export function referenceSession(frozen: Model, adapter: Adapter): ModelSession {
  const { layout } = adapter;
  const memory = adapter.base && baseInMemory(adapter.base);
  const model = memory ? withWeights(frozen, memory.values) : frozen;
  const features = ({ shape: [points, texts, width], data }: Tensor): Features => ({
    data: Float32Array.from(data),
    points,
    texts,
    width,
  });
  return {
    id: `${model.id}|${JSON.stringify(adapter.spec)}|reference fp64`,
    layout: adapter.layout,
    width: model.width,
    features: async (points, batch) => features(referenceFeatures64(model, adapter, points, batch)),
    async tangents(point, directions, batch) {
      const { primal, tangents } = referenceTangents64(model, adapter, point, directions, batch);
      return { primal: features(primal), tangents: features(tangents) };
    },
    hidden: findHidden(frozen, 0, async (places, rows, batch) => {
      const low = referenceOps({ batch, layout, points: [], directions: [] });
      const recording = recordHidden(frozen, places, rows);
      const values = run(recording, low, garbageCollected as Memory<Tensor>);
      return recording.program.outputs.map((at) => {
        const { shape, data } = values.get(at)!;
        return { data: Float32Array.from(data), rows: shape[1], width: shape[2] };
      });
    }),
    async gradient(point, batch, pullBack) {
      let seen: Features | null = null;
      const gradient = referenceGradient64(model, adapter, point, batch, (output) => {
        seen = features(output);
        return pullBack(seen);
      });
      return { features: seen!, gradient: Float32Array.from(gradient) };
    },
    ...(memory && adapter.base && { base: heldBase(asFactorLayout(layout), adapter.base, memory.lend) }),
    dispose: async () => undefined,
  };
}

/** Makes a model that reads other values in place of its own matrices, where there are some. */
function withWeights(model: Model, values: (name: string) => Float32Array | null): Model {
  const now = (matrix: FrozenMatrix): FrozenMatrix => ({
    ...matrix,
    read: () => values(matrix.name) ?? matrix.read(),
    rows(indices) {
      const all = values(matrix.name);
      if (all === null) return matrix.rows(indices);
      const columns = matrix.shape[1];
      const taken = new Float32Array(indices.length * columns);
      for (let i = 0; i < indices.length; i++)
        taken.set(all.subarray(indices[i] * columns, (indices[i] + 1) * columns), i * columns);
      return taken;
    },
  });
  return {
    ...model,
    forward: (ops, hooks, tap) =>
      model.forward(
        {
          ...ops,
          embed: (table, by) => ops.embed(now(table), by),
          linear: (x, weight, bias) => ops.linear(x, now(weight), bias),
        },
        hooks,
        tap,
      ),
  };
}

/** Gives the derivative [d] of <features, cotangent> by the trainable parameters in float64, where cotangent = pullBack(features) [1, B, H]. */
export function referenceGradient64(
  model: Model,
  adapter: Adapter,
  point: Point,
  batch: TokenBatch,
  pullBack: (features: Tensor) => ArrayLike<number>,
): Float64Array {
  const { layout } = adapter;
  checkTokens(batch, model);
  keepOf(batch, adapter);
  sameLength("point", point.length, layout.size);
  const recording = recordGradient(model, adapter);
  const low = reversibleReference({ batch, layout, points: [point], directions: [] }, (features) =>
    tensor(features.shape, pullBack(features)),
  );
  const values = run(recording, low, garbageCollected as Memory<Tensor>);
  const gradient = new Float64Array(layout.size);
  const [, ...places] = recording.program.outputs;
  recording.stacks.forEach((names, i) => addStack(layout, names, values.get(places[i])!.data, gradient));
  return gradient;
}

/**
 * Gives the features [P, B, H] in float64 at P points, which may themselves be float64.
 * @throws when a point has not the adapter's number of parameters
 */
export function referenceFeatures64(
  model: Model,
  adapter: Adapter,
  points: readonly Point[],
  batch: TokenBatch,
): Tensor {
  const { layout } = adapter;
  checkTokens(batch, model);
  keepOf(batch, adapter);
  points.forEach((point, i) => sameLength(`points[${i}]`, point.length, layout.size));
  const ops = plain(referenceOps({ batch, layout, points, directions: [] }));
  const features = forwardWith(model, adapter, ops);
  return spread(features, points.length);
}

/** Gives the features [1, B, H] and their derivatives [P, B, H] along P directions, in float64. */
export function referenceTangents64(
  model: Model,
  adapter: Adapter,
  point: Point,
  directions: readonly Point[],
  batch: TokenBatch,
): { readonly primal: Tensor; readonly tangents: Tensor } {
  const { layout } = adapter;
  checkTokens(batch, model);
  keepOf(batch, adapter);
  [point, ...directions].forEach((p, i) =>
    sameLength(i === 0 ? "point" : `directions[${i - 1}]`, p.length, layout.size),
  );
  const ops = dual(referenceOps({ batch, layout, points: [point], directions }));
  const { primal, tangents } = forwardWith(model, adapter, ops);
  const shape = [directions.length, ...primal.shape.slice(1)];
  return { primal, tangents: tangents ?? tensor(shape, new Float64Array(directions.length * primal.data.length)) };
}

/** Where nothing trainable was touched the features are one row for all points. */
function spread(features: Tensor, points: number): Tensor {
  if (features.shape[0] === points) return features;
  const data = new Float64Array(points * features.data.length);
  for (let p = 0; p < points; p++) data.set(features.data, p * features.data.length);
  return { shape: [points, ...features.shape.slice(1)], data };
}

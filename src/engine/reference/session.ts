import type { Adapter } from "../../adapter/adapter";
import { sameLength } from "../../check/check";
import { forwardWith } from "../../model/forward-with";
import type { Model } from "../../model/model";
import { withWeights } from "../../model/with-weights";
import { dual } from "../../ops/dual";
import { plain } from "../../ops/plain";
import { garbageCollected, run } from "../../ops/program";
import type { Memory } from "../../ops/program";
import { findHidden } from "../find-hidden";
import { byOffset, recordGradient, recordHidden } from "../record-model";
import { checkTokens } from "../rows";
import { asFactorLayout } from "../../tree/factor-layout";
import type { GivenName } from "../../ops/low-ops";
import { baseInMemory, heldBase } from "../held-base";
import { keepOf } from "../keep-factors";
import { givenGradient, givenOffset } from "../given";
import type { GivenRows } from "../given";
import type { EmbeddingOffset, Features, ModelSession, RowLoss, TokenBatch } from "../session";
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
    async gradient(point, batch, loss, offset) {
      const seen = typeof loss === "function" ? (output: Tensor) => loss(features(output)) : loss;
      const found = referenceDerivatives64(model, adapter, point, batch, seen, offset);
      const { losses, offsetGradient } = found;
      return {
        features: features(found.features),
        gradient: Float32Array.from(found.gradient),
        ...(losses && { losses: Float32Array.from(losses) }),
        ...(offsetGradient && { offsetGradient: Float32Array.from(offsetGradient) }),
      };
    },
    embeddingWidth: model.embeddingWidth,
    ...(memory && adapter.base && { base: heldBase(asFactorLayout(layout), adapter.base, memory.lend) }),
    dispose: async () => undefined,
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
  return referenceDerivatives64(model, adapter, point, batch, pullBack).gradient;
}

/** What a gradient gives, in float64. */
export interface Derivatives64 {
  readonly features: Tensor;
  /** [K]; null where the caller pulls back. */
  readonly losses: Float64Array | null;
  /** [d]; empty where the derivative by the offset alone is wanted. */
  readonly gradient: Float64Array;
  /** [T, embedding width]; null where no derivative by an offset is wanted. */
  readonly offsetGradient: Float64Array | null;
}

/**
 * Gives all that a session's `gradient` does, in float64.
 * @throws when the batch, the point, the loss or the offset does not fit the model
 */
export function referenceDerivatives64(
  model: Model,
  adapter: Adapter,
  point: Point,
  batch: TokenBatch,
  loss: RowLoss | ((features: Tensor) => ArrayLike<number>),
  offset?: EmbeddingOffset,
): Derivatives64 {
  const { layout } = adapter;
  checkTokens(batch, model);
  keepOf(batch, adapter);
  sameLength("point", point.length, layout.size);
  const { form, values: given, cotangent } = givenGradient(model, batch, loss, offset);
  const recording = recordGradient(model, adapter, form);
  const pass = { batch, layout, points: [point], directions: [], given: tensors(given) };
  const low = reversibleReference(pass, (output) =>
    tensor(output.shape, typeof loss === "function" ? loss(output) : cotangent!),
  );
  const values = run(recording, low, garbageCollected as Memory<Tensor>);
  const gradient = new Float64Array(form.offset === "offset" ? 0 : layout.size);
  let offsetGradient = byOffset(form) ? new Float64Array(offset!.rows.length) : null;
  for (const { names, place } of recording.derivatives)
    if (names === null) offsetGradient = values.get(place)!.data;
    else addStack(layout, names, values.get(place)!.data, gradient);
  const [first, last = first] = recording.results.map((place) => values.get(place)!) as [Tensor, Tensor?];
  return { features: last, losses: cotangent === null ? null : first.data, gradient, offsetGradient };
}

function tensors(given: ReadonlyMap<GivenName, GivenRows>): ReadonlyMap<GivenName, Tensor> {
  return new Map([...given].map(([name, { shape, data }]) => [name, tensor(shape, data)]));
}

/**
 * Gives the features [P, B, H] in float64 at P points, which may themselves be float64.
 * @param offset [T, embedding width], added to the embeddings; default: nothing
 * @throws when a point has not the adapter's number of parameters
 */
export function referenceFeatures64(
  model: Model,
  adapter: Adapter,
  points: readonly Point[],
  batch: TokenBatch,
  offset?: ArrayLike<number>,
): Tensor {
  const { layout } = adapter;
  checkTokens(batch, model);
  keepOf(batch, adapter);
  points.forEach((point, i) => sameLength(`points[${i}]`, point.length, layout.size));
  const width = model.embeddingWidth;
  const low = referenceOps({
    batch,
    layout,
    points,
    directions: [],
    ...(offset && { given: tensors(new Map([["offset", givenOffset(batch, width, offset)]])) }),
  });
  const added = offset ? low.given("offset", [1, "T", width]) : null;
  const features = forwardWith(model, adapter, plain(low), added);
  return spread(features, points.length);
}

/**
 * Gives the features [1, B, H] and their derivatives [P, B, H] along P directions, in float64.
 * @param offset what is added to the embeddings [T, embedding width], and how it changes along each direction [P, T, embedding width]; default: nothing
 */
export function referenceTangents64(
  model: Model,
  adapter: Adapter,
  point: Point,
  directions: readonly Point[],
  batch: TokenBatch,
  offset?: { readonly rows: ArrayLike<number>; readonly directions: ArrayLike<number> },
): { readonly primal: Tensor; readonly tangents: Tensor } {
  const { layout } = adapter;
  checkTokens(batch, model);
  keepOf(batch, adapter);
  [point, ...directions].forEach((p, i) =>
    sameLength(i === 0 ? "point" : `directions[${i - 1}]`, p.length, layout.size),
  );
  const width = model.embeddingWidth;
  const given = new Map<GivenName, GivenRows>();
  if (offset) {
    given.set("offset", givenOffset(batch, width, offset.rows));
    given.set("offsetDirections", givenOffset(batch, width, offset.directions, directions.length));
  }
  const low = referenceOps({ batch, layout, points: [point], directions, given: tensors(given) });
  const added = offset && {
    primal: low.given("offset", [1, "T", width]),
    tangents: low.given("offsetDirections", ["P", "T", width]),
  };
  const { primal, tangents } = forwardWith(model, adapter, dual(low), added);
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

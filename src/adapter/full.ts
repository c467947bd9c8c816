import { fail } from "../check/check";
import type { FrozenMatrix, FrozenVector, Ops } from "../ops/ops";
import { layoutOf } from "../tree/layout";
import { sharedVector } from "../tree/vector";
import type { Adaptable, Adapter, Bound, FullSpec, WeightPart } from "./adapter";
import { inLayers } from "./choose-sites";
import { modelWeights } from "./model-weights";
import { noAdapter } from "./none";

/**
 * Full-parameter training: theta holds the model's own weights under their own names and in their own shapes, and starts as they
 * are. The definition is unchanged: operations that read a frozen weight read the point's instead, where it is trained.
 *     y = x W^T + b,  norms: scale * norm(x) + shift,  embeddings: rows of the point's table
 * A tied head is one tensor with its embedding table; the readout takes the label words' rows from the point (`readoutAt`).
 * Weight decay applies to matrices and tables, not to biases and norms.
 * @example full({ kind: "full", layers: "all" }, model).initial(0) // the model's weights, whatever the seed
 * @throws when no weight is chosen, or a layer is not there
 * Source: MeZO, arXiv 2305.17333, section 2 (all parameters); the choice of kinds as in BitFit, arXiv 2106.10199.
 */
export function full(spec: FullSpec, model: Adaptable): Adapter {
  const { layers, parts = PARTS } = spec;
  for (const part of parts) if (!PARTS.includes(part)) fail("parts", PARTS.join(", "), part);
  const weights = modelWeights(model);
  const chosen = (layers === "all" ? weights : inLayers(weights, layers)).filter(({ part }) => parts.includes(part));
  if (chosen.length === 0)
    fail(
      "parts",
      `kinds of weights that are there (${[...new Set(weights.map(({ part }) => part))].join(", ")})`,
      parts,
    );
  const layout = layoutOf(chosen.map(({ name, shape }) => ({ name, shape, decay: shape.length > 1 })));
  const trained = new Set(chosen.map(({ name }) => name));

  return {
    spec,
    layout,
    large: true,
    initial() {
      const point = sharedVector(layout.size);
      layout.entries.forEach(({ offset }, i) => point.set(chosen[i].read(), offset));
      return point;
    },
    bind<T>(ops: Ops<T>): Bound<T> {
      const known = new Map<string, T>();
      /** A trained tensor [R, ...shape]; the same value wherever it is used. */
      const tensorOf = (name: string): T => {
        const value = known.get(name) ?? ops.pick(ops.parameters([name]), 0);
        known.set(name, value);
        return value;
      };
      const isTrained = (weight: { readonly name: string } | null): boolean =>
        weight !== null && trained.has(weight.name);
      /** A trained vector as a row [R, 1, n]. */
      const row = ({ name, shape }: FrozenVector): T => ops.reshape(tensorOf(name), [1, shape[0]]);
      const frozenRow = (vector: FrozenVector): T => ops.embed(asTable(vector), "zero");
      /** A frozen vector, or one of ones or zeros in its place where it is trained. */
      const rest = (vector: FrozenVector, value: number): FrozenVector =>
        isTrained(vector) ? constant(value, vector.shape[0]) : vector;
      const changed: Ops<T> = {
        ...ops,
        embed: (table, by) => (isTrained(table) ? ops.gather(tensorOf(table.name), by) : ops.embed(table, by)),
        linear(x, weight, bias) {
          const frozenBias = isTrained(bias) ? null : bias;
          const y = isTrained(weight)
            ? ops.matmulTransposed(x, tensorOf(weight.name))
            : ops.linear(x, weight, frozenBias);
          if (bias === null) return y;
          if (isTrained(bias)) return ops.addBias(y, row(bias));
          return isTrained(weight) ? ops.addBias(y, frozenRow(bias)) : y;
        },
        layerNorm(x, scale, shift, epsilon) {
          // scale is applied before shift: where only the scale is trained, the shift is added afterwards.
          if (!isTrained(scale) && !isTrained(shift)) return ops.layerNorm(x, scale, shift, epsilon);
          const unit = ops.layerNorm(x, rest(scale, 1), constant(0, shift.shape[0]), epsilon);
          const scaled = isTrained(scale) ? ops.multiply(unit, row(scale)) : unit;
          return isTrained(shift) ? ops.addBias(scaled, row(shift)) : ops.addBias(scaled, frozenRow(shift));
        },
        rmsNorm: (x, scale, epsilon) =>
          isTrained(scale)
            ? ops.multiply(ops.rmsNorm(x, rest(scale, 1), epsilon), row(scale))
            : ops.rmsNorm(x, scale, epsilon),
      };
      return { ops: changed, hooks: noAdapter().bind(ops).hooks };
    },
  };
}

const PARTS: readonly WeightPart[] = ["matrices", "biases", "norms", "embeddings"];

/** A frozen vector as a table of one row, for operations that take values. */
function asTable(vector: FrozenVector): FrozenMatrix {
  const [size] = vector.shape;
  const rows = (indices: ArrayLike<number>): Float32Array => {
    const values = vector.read();
    return Float32Array.from({ length: indices.length * size }, (_, i) => values[i % size]);
  };
  return { name: vector.name, shape: [1, size], read: () => vector.read(), rows };
}

/** A vector of equal numbers, for a norm whose own are trained. */
function constant(value: number, size: number): FrozenVector {
  return { name: `${value} x ${size}`, shape: [size], read: () => new Float32Array(size).fill(value) };
}

import type { FrozenMatrix, FrozenVector, Ops } from "../ops/ops";

/**
 * Gives operations that read the point's tensors in place of the model's own weights of these names. The definition is unchanged:
 *     y = x W^T + b,  norms: scale * norm(x) + shift,  embeddings: rows of the point's table
 * @param trained names of weights, under which the point holds them in their own shapes
 */
export function withOwnWeights<T>(ops: Ops<T>, trained: ReadonlySet<string>): Ops<T> {
  const known = new Map<string, T>();
  /** A trained tensor [R, ...shape]; the same value wherever it is used. */
  const tensorOf = (name: string): T => {
    const value = known.get(name) ?? ops.pick(ops.parameters([name]), 0);
    known.set(name, value);
    return value;
  };
  const isTrained = (weight: { readonly name: string } | null): boolean => weight !== null && trained.has(weight.name);
  /** A trained vector as a row [R, 1, n]. */
  const row = ({ name, shape }: FrozenVector): T => ops.reshape(tensorOf(name), [1, shape[0]]);
  const frozenRow = (vector: FrozenVector): T => ops.embed(asTable(vector), "zero");
  /** A frozen vector, or one of ones or zeros in its place where it is trained. */
  const rest = (vector: FrozenVector, value: number): FrozenVector =>
    isTrained(vector) ? constant(value, vector.shape[0]) : vector;
  return {
    ...ops,
    embed: (table, by) => (isTrained(table) ? ops.gather(tensorOf(table.name), by) : ops.embed(table, by)),
    linear(x, weight, bias) {
      const frozenBias = isTrained(bias) ? null : bias;
      const y = isTrained(weight) ? ops.matmulTransposed(x, tensorOf(weight.name)) : ops.linear(x, weight, frozenBias);
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
}

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

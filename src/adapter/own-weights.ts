import { fail } from "../check/check";
import type { EmbeddingIndex, FrozenMatrix, FrozenVector, Ops } from "../ops/ops";
import { factorPlace } from "../tree/factor-layout";
import type { FactorLayout } from "../tree/factor-layout";

/** What a point has in place of a model's own weights, by their names; null where it has nothing. */
export interface OwnWeights<T> {
  /** A vector as a row [R, 1, n]. */
  row(vector: FrozenVector): T | null;
  /** x W^T. */
  product(x: T, weight: FrozenMatrix): T | null;
  /** Rows of a table for each packed token. */
  rows(table: FrozenMatrix, by: EmbeddingIndex): T | null;
}

/**
 * Gives operations that read the point's tensors in place of the model's own weights of these names, rounded where a product multiplies
 * these rounded. The definition is unchanged:
 *     y = x W^T + b,  norms: scale * norm(x) + shift,  embeddings: rows of the point's table
 * @param trained names of weights, under which the point holds them in their own shapes
 */
export function withOwnWeights<T>(ops: Ops<T>, trained: ReadonlySet<string>): Ops<T> {
  const tensorOf = tensorsOf(ops);
  const own = <V>(name: string, make: (tensor: T) => V): V | null => (trained.has(name) ? make(tensorOf(name)) : null);
  return readingOwn(ops, {
    row: ({ name, shape }) => own(name, (tensor) => ops.reshape(tensor, [1, shape[0]])),
    product: (x, { name, rounding }) =>
      own(name, (tensor) =>
        ops.matmulTransposed(x, rounding ? ops.round(tensor, { ...rounding, per: "row" }) : tensor),
      ),
    rows: ({ name }, by) => own(name, (tensor) => ops.gather(tensor, by)),
  });
}

/**
 * Gives operations that add the point's change to the model's own weights; a matrix's is not formed:
 *     y = x W^T + (x right) left^T + b,  embeddings: rows of the table + (rows of left) right^T
 * @param layout the factors; what it does not name stays frozen
 */
export function withChangedWeights<T>(ops: Ops<T>, layout: FactorLayout): Ops<T> {
  const tensorOf = tensorsOf(ops);
  const known = new Map(layout.factors.whole.entries.map(({ name }) => [name, factorPlace(layout, name)]));
  const place = ({ name }: { readonly name: string }) => known.get(name) ?? null;
  return readingOwn(ops, {
    row(vector) {
      const at = place(vector);
      if (at === null || at.kind !== "dense") return null;
      return ops.add(frozenRow(ops, vector), ops.reshape(tensorOf(at.at.name), [1, vector.shape[0]]));
    },
    product(x, weight) {
      const at = place(weight);
      if (at === null) return null;
      if (weight.rounding !== undefined)
        return fail(
          "full.factors",
          "weights that are not rounded (train them without factors)",
          `${weight.rounding.bits} bits`,
        );
      const y = ops.linear(x, weight, null);
      if (at.kind === "dense") return ops.add(y, ops.matmulTransposed(x, tensorOf(at.at.name)));
      const inner = ops.matmul(x, tensorOf(at.right.name));
      return ops.add(y, ops.matmulTransposed(inner, tensorOf(at.left.name)));
    },
    rows(table, by) {
      const at = place(table);
      if (at === null) return null;
      const rows = ops.embed(table, by);
      if (at.kind === "dense") return ops.add(rows, ops.gather(tensorOf(at.at.name), by));
      const inner = ops.gather(tensorOf(at.left.name), by);
      return ops.add(rows, ops.matmulTransposed(inner, tensorOf(at.right.name)));
    },
  });
}

/** A trained tensor [R, ...shape] by its name; the same value wherever it is used. */
function tensorsOf<T>(ops: Ops<T>): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    const value = known.get(name) ?? ops.pick(ops.parameters([name]), 0);
    known.set(name, value);
    return value;
  };
}

function readingOwn<T>(ops: Ops<T>, own: OwnWeights<T>): Ops<T> {
  return {
    ...ops,
    embed: (table, by) => own.rows(table, by) ?? ops.embed(table, by),
    linear(x, weight, bias) {
      const row = bias && own.row(bias);
      const y = own.product(x, weight);
      if (y === null) return row === null ? ops.linear(x, weight, bias) : ops.addBias(ops.linear(x, weight, null), row);
      return bias === null ? y : ops.addBias(y, row ?? frozenRow(ops, bias));
    },
    layerNorm(x, scale, shift, epsilon) {
      // scale is applied before shift: where only the scale is trained, the shift is added afterwards.
      const [gain, offset] = [own.row(scale), own.row(shift)];
      if (gain === null && offset === null) return ops.layerNorm(x, scale, shift, epsilon);
      const unit = ops.layerNorm(x, gain === null ? scale : constant(1, scale), constant(0, shift), epsilon);
      const scaled = gain === null ? unit : ops.multiply(unit, gain);
      return ops.addBias(scaled, offset ?? frozenRow(ops, shift));
    },
    rmsNorm(x, scale, epsilon) {
      const gain = own.row(scale);
      return gain === null
        ? ops.rmsNorm(x, scale, epsilon)
        : ops.multiply(ops.rmsNorm(x, constant(1, scale), epsilon), gain);
    },
  };
}

/** A frozen vector as a value [1, 1, n]. */
function frozenRow<T>(ops: Ops<T>, vector: FrozenVector): T {
  return ops.embed(asTable(vector), "zero");
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

/** Gives a vector of equal numbers, for a norm whose own are trained. For example `constant(1, { shape: [4] })`: four ones. */
export function constant(value: number, { shape: [size] }: Pick<FrozenVector, "shape">): FrozenVector {
  return { name: `${value} x ${size}`, shape: [size], read: () => new Float32Array(size).fill(value) };
}

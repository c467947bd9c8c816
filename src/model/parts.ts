import type { FrozenMatrix, FrozenVector, Ops } from "../ops/ops";
import type { Head, Tap, Weights } from "./model";

/** y = x W^T + b. */
export interface Linear {
  readonly weight: FrozenMatrix;
  readonly bias: FrozenVector | null;
}

/** LayerNorm's frozen part. */
export interface Norm {
  readonly scale: FrozenVector;
  readonly shift: FrozenVector;
}

/**
 * Gives the first of several prefixes under which the file has this tensor; the last one where it has none, so that the error of a
 * missing tensor names it as the format does.
 * For example `prefixOf(weights, "embeddings.word_embeddings.weight", ["", "bert."])`: "bert.".
 */
export function prefixOf(weights: Weights, name: string, prefixes: readonly string[]): string {
  return prefixes.find((prefix) => weights.has(`${prefix}${name}`)) ?? prefixes[prefixes.length - 1] ?? "";
}

/** Gives `{name}.weight` [outputs, inputs] and `{name}.bias` [outputs]. */
export function linearAt(weights: Weights, name: string, outputs: number, inputs: number, biased = true): Linear {
  return {
    weight: weights.matrix(`${name}.weight`, [outputs, inputs]),
    bias: biased ? weights.vector(`${name}.bias`, outputs) : null,
  };
}

/** Gives `{name}.weight` and `{name}.bias`, which files of the first BERT models call `gamma` and `beta`. */
export function normAt(weights: Weights, name: string, width: number): Norm {
  const [scale, shift] = weights.has(`${name}.gamma`) ? ["gamma", "beta"] : ["weight", "bias"];
  return {
    scale: weights.vector(`${name}.${scale}`, width),
    shift: weights.vector(`${name}.${shift}`, width),
  };
}

/** Makes a head from its matrix [vocabulary, H], which may be the embedding table, and its bias [vocabulary]. */
export function headOf(table: FrozenMatrix, bias: FrozenVector | null): Head {
  return {
    weight: table,
    biases: bias,
    rows: (ids) => table.rows(ids),
    bias(ids) {
      if (bias === null) return null;
      const all = bias.read();
      return Float32Array.from(ids, (id) => all[id] ?? NaN);
    },
  };
}

/**
 * Gives the rows of a table from `first` on: learned positions whose first rows belong to no token.
 * For example `rowsFrom(positions, 2).rows([0])`: row 2 of the table.
 */
export function rowsFrom(table: FrozenMatrix, first: number): FrozenMatrix {
  const [rows, width] = table.shape;
  return {
    ...(table.source === undefined ? {} : { source: table.source }),
    name: `${table.name}[${first}:]`,
    shape: [rows - first, width],
    read: () => table.read().subarray(first * width),
    rows: (indices) => table.rows(Array.from(indices, (index) => index + first)),
  };
}

/**
 * Says where the scored tokens are taken: after the last attention, so that only they are computed from there on - unless the hidden states
 * of all tokens are asked for, then at the end.
 */
export function scoredTokens<T>(
  ops: Ops<T>,
  layers: number,
  tap: Tap<T> | undefined,
): { readonly after: (layer: number, x: T) => T; readonly end: (x: T) => T } {
  const early = tap === undefined && layers > 0;
  return {
    after: (layer, x) => (early && layer === layers - 1 ? ops.takeScored(x) : x),
    end: (x) => (early ? x : ops.takeScored(x)),
  };
}

import type { FrozenMatrix, FrozenVector } from "../../src/ops/ops";

/** A frozen matrix [out, in] of given numbers. */
export function frozenMatrix(name: string, shape: readonly [number, number], values: readonly number[]): FrozenMatrix {
  return {
    name,
    shape,
    read: () => Float32Array.from(values),
    rows: (indices) =>
      Float32Array.from(Array.from(indices, (row) => values.slice(row * shape[1], (row + 1) * shape[1])).flat()),
  };
}

export function frozenVector(name: string, values: readonly number[]): FrozenVector {
  return { name, shape: [values.length], read: () => Float32Array.from(values) };
}

import type { DensePart, OuterPart, TensorPart } from "../../estimator/tensor-part";
import type { TransformHere, Weighted } from "../transform";
import { partsOf } from "./outer-parts";

/** The numbers of a tensor in which a method with kept factors U diag(tau) V^T moves: tau of a matrix, all of a vector. */
export interface Inner {
  readonly part: TensorPart;
  /** sum_q w_q tau_q, in float64. */
  readonly estimate: Float64Array;
  /** Where they stand among those of all tensors. */
  readonly at: number;
}

/** Gives a step's estimate in the numbers that move, tensor by tensor. */
export function innerEstimates(transform: string, { weights, direction }: Weighted): readonly Inner[] {
  const queries = weights.map((_, query) => partsOf(transform, direction(query)));
  let next = 0;
  return queries[0].map((part, tensor) => {
    const estimate = new Float64Array(innerOf(part).length);
    weights.forEach((weight, query) =>
      innerOf(queries[query][tensor]).forEach((value, i) => (estimate[i] += weight * value)),
    );
    const at = next;
    next += estimate.length;
    return { part, estimate, at };
  });
}

/** x <- decay x + (1 - decay) of what is new, from 0, rounded to float32 as it is stored. */
export function averaged(
  { state }: TransformHere,
  name: string,
  decay: number,
  inner: readonly Inner[],
  of: (estimate: number) => number,
): Float32Array {
  const all = new Float32Array(inner.reduce((sum, { estimate }) => sum + estimate.length, 0));
  const last = state.vectors[name] as Float32Array | undefined;
  for (const { estimate, at } of inner)
    for (let i = 0; i < estimate.length; i++)
      all[at + i] = decay * (last?.[at + i] ?? 0) + (1 - decay) * of(estimate[i]);
  return all;
}

/** gradient <- what each entry of a tensor is made of: of a vector its own numbers alone, of a matrix sum_s U_is V_js times number s. */
export function writeInner(
  gradient: Float32Array,
  { part, at }: Inner,
  vectors: readonly Float32Array[],
  value: (numbers: (vector: number, power: 1 | 2) => number) => number,
): void {
  if (part.kind === "dense") writeDense(gradient, part, (i) => value((vector) => vectors[vector][at + i]));
  else writeOuter(gradient, part, (weigh) => value((vector, power) => weigh(vectors[vector], at, power)));
}

function writeDense(gradient: Float32Array, { entry }: DensePart, value: (i: number) => number): void {
  for (let i = 0; i < entry.size; i++) gradient[entry.offset + i] = value(i);
}

function writeOuter(
  gradient: Float32Array,
  { entry, rows, columns, rank, right, inner }: OuterPart,
  value: (weigh: (core: Float32Array, at: number, power: 1 | 2) => number) => number,
): void {
  const { basis } = inner!;
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      gradient[entry.offset + i * columns + j] = value((core, at, power) => {
        let sum = 0;
        for (let s = 0; s < rank; s++) sum += (basis[i * rank + s] * right[j * rank + s]) ** power * core[at + s];
        return sum;
      });
}

function innerOf(part: TensorPart): Float32Array {
  return part.kind === "dense" ? part.values : part.inner!.core;
}

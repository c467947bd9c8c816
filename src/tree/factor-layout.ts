import { fail, positiveInteger } from "../check/check";
import { entryOf, layoutOf } from "./layout";
import type { Entry, Factors, Layout } from "./layout";
import { matrixOf } from "./matrix";

/** A layout of factors. */
export interface FactorLayout extends Layout {
  readonly factors: Factors;
}

/** Where a tensor's change lies in a vector of factors: the two factors of a matrix, or all numbers of a vector. */
export type FactorPlace =
  | {
      readonly kind: "outer";
      readonly rows: number;
      readonly columns: number;
      /** [rows][R] */
      readonly left: Entry;
      /** [columns][R] */
      readonly right: Entry;
    }
  | { readonly kind: "dense"; readonly at: Entry };

/**
 * Lays out a change of tensors that is kept as factors: W + left right^T for each matrix, left [rows][R] and right [columns][R]; a vector
 * has a change of its own numbers under its own name. What is a matrix says `matrixOf`.
 * @param rank R
 * @example factorLayout(layoutOf([{ name: "w", shape: [5, 4], decay: true }, { name: "b", shape: [5], decay: false }]), 2).size // 23
 */
export function factorLayout(whole: Layout, rank: number): FactorLayout {
  positiveInteger("rank", rank);
  const tensors = whole.entries.flatMap(({ name, shape }) => {
    const matrix = matrixOf(shape);
    if (matrix === null) return [{ name, shape, decay: false }];
    return [
      { name: `${name}${LEFT}`, shape: [matrix.rows, rank], decay: false },
      { name: `${name}${RIGHT}`, shape: [matrix.columns, rank], decay: false },
    ];
  });
  return { ...layoutOf(tensors), factors: { whole, rank } };
}

const LEFT = ".left";
const RIGHT = ".right";

/** Gives the layout as one of factors. @throws when it is none */
export function asFactorLayout(layout: Layout): FactorLayout {
  const { factors } = layout;
  return factors === undefined
    ? fail("layout", "factors of a change of all weights", "others")
    : { ...layout, factors };
}

/** Gives where the change of each tensor of the whole lies, in order. */
export function factorPlaces({ entries, factors }: FactorLayout): readonly FactorPlace[] {
  let next = 0;
  return factors.whole.entries.map(({ shape }): FactorPlace => {
    const matrix = matrixOf(shape);
    if (matrix === null) return { kind: "dense", at: entries[next++] };
    return { kind: "outer", ...matrix, left: entries[next++], right: entries[next++] };
  });
}

/** Gives where the change of one tensor of the whole lies, by its name; null where it is not among them. */
export function factorPlace(layout: FactorLayout, name: string): FactorPlace | null {
  const { entries } = layout.factors.whole;
  const found = entries.find((entry) => entry.name === name);
  if (found === undefined) return null;
  const matrix = matrixOf(found.shape);
  if (matrix === null) return { kind: "dense", at: entryOf(layout, name) };
  return { kind: "outer", ...matrix, left: entryOf(layout, name + LEFT), right: entryOf(layout, name + RIGHT) };
}

/**
 * Adds rows of a change to rows of a tensor, in place: w <- w + left right^T, or w + change; each number is summed in float64 and rounded once.
 * @param values [rows.length][columns]
 * @param point the factors [d]
 * @param rows which rows of the tensor these are; default: all, in order
 */
export function addChangeInPlace(
  values: Float32Array,
  { factors: { rank } }: FactorLayout,
  place: FactorPlace,
  point: Float32Array,
  rows?: readonly number[],
): void {
  if (place.kind === "dense") {
    const width = rows === undefined ? values.length : values.length / rows.length;
    (rows ?? [0]).forEach((row, i) => {
      for (let j = 0; j < width; j++) values[i * width + j] += point[place.at.offset + row * width + j];
    });
    return;
  }
  const { columns, left, right } = place;
  // Two columns of the right factor after another: the inner loop runs along memory.
  const pairs = Math.ceil(rank / 2);
  const turned = new Float64Array(2 * pairs * columns);
  for (let j = 0; j < columns; j++)
    for (let k = 0; k < rank; k++) turned[k * columns + j] = point[right.offset + j * rank + k];
  const sum = new Float64Array(columns);
  const count = rows?.length ?? place.rows;
  for (let i = 0; i < count; i++) {
    const from = left.offset + (rows?.[i] ?? i) * rank;
    const row = values.subarray(i * columns, (i + 1) * columns);
    if (pairs === 1) {
      addPair(row, turned, 0, point[from], rank === 2 ? point[from + 1] : 0);
      continue;
    }
    sum.set(row);
    for (let k = 0; k < rank; k += 2)
      addPair(sum, turned, k * columns, point[from + k], k + 1 < rank ? point[from + k + 1] : 0);
    row.set(sum);
  }
}

/** x <- x + a y + b z, with y and z one after the other in `both` from `at` on; each sum is rounded once. */
function addPair(x: Float32Array | Float64Array, both: Float64Array, at: number, a: number, b: number): void {
  const { length } = x;
  for (let j = 0, y = at, z = at + length; j < length; j++, y++, z++) x[j] = x[j] + a * both[y] + b * both[z];
}

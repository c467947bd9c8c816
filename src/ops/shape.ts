import { fail } from "../check/check";

/** A size, or the name of one that is known at run time only. */
export type Dimension = number | string;

/** A value's dimensions: sizes, and names of those that are known at run time only. Equal names are equal sizes. */
export type Shape = readonly Dimension[];

/**
 * Gives the shape of an elementwise operation, dimensions matched from the right.
 * @example broadcast(["P", "T", 4], [1, "T", 1]) // ["P", "T", 4]
 * @throws when two dimensions differ and neither is 1
 */
export function broadcast(x: Shape, y: Shape): Shape {
  const rank = Math.max(x.length, y.length);
  return Array.from({ length: rank }, (_, i) => {
    const a = x[x.length - rank + i] ?? 1;
    const b = y[y.length - rank + i] ?? 1;
    if (a !== b && a !== 1 && b !== 1) fail("shapes", `two that broadcast`, `[${x.join()}] and [${y.join()}]`);
    return a === 1 ? b : a;
  });
}

/**
 * Gives the shape of a product over the last two axes: [..., m, k] x [..., k, n] -> [..., m, n].
 * @example productShape([1, "T", 4], ["R", 4, 2]) // ["R", "T", 2]
 */
export function productShape(x: Shape, y: Shape): Shape {
  return [...broadcast(x.slice(0, -2), y.slice(0, -2)), x[x.length - 2], y[y.length - 1]] as Shape;
}

/** Gives the shape with its axis of this number (negative: from the end) replaced. */
export function withAxis(shape: Shape, axis: number, dimension: Dimension): Shape {
  const at = axis < 0 ? shape.length + axis : axis;
  return shape.map((d, i) => (i === at ? dimension : d));
}

/** Gives the named or known length of rows joined along the leading axis; `restOf` takes the first row off again. */
export function joined(lengths: readonly Dimension[]): Dimension {
  return lengths.every((d) => typeof d === "number")
    ? lengths.reduce<number>((sum, d) => sum + (d as number), 0)
    : lengths.join("+");
}

/** Gives what a sum of dimensions has beside one. @example restOf("1+P") // "P" */
export function restOf(length: Dimension): Dimension {
  if (typeof length === "number") return length - 1;
  return length.startsWith("1+") ? length.slice(2) : `${length}-1`;
}

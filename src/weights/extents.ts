import { fail } from "../check/check";

/** A tensor's bytes [start, end) in a file. */
export interface Extent {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Checks that the extents lie inside [from, to] and do not overlap.
 * @throws naming the tensor, and the other one where two overlap
 */
export function checkExtents(path: string, extents: readonly Extent[], from: number, to: number): void {
  const ordered = [...extents].sort((a, b) => a.start - b.start || a.end - b.end);
  let previous: Extent = { name: "the header", start: 0, end: from };
  for (const extent of ordered) {
    const { name, start, end } = extent;
    if (end > to) fail(`${path}: ${name} (truncated file?)`, `bytes inside the file's ${to}`, [start, end]);
    if (start < previous.end)
      fail(`${path}: ${name}`, `bytes after those of ${previous.name} (${previous.end})`, [start, end]);
    if (end > start) previous = extent;
  }
}

/**
 * Gives the number of values of a shape.
 * @example elements("w", [2, 3]) // 6
 * @throws when an axis is not a non-negative integer or the product is beyond 2^53 - 1
 */
export function elements(what: string, shape: unknown): number {
  if (!Array.isArray(shape)) return fail(`shape of ${what}`, "a list of axes", shape);
  const size = shape.reduce<number>((product, axis: unknown) => {
    if (typeof axis !== "number" || !Number.isSafeInteger(axis) || axis < 0) {
      return fail(`shape of ${what}`, "non-negative integers", shape);
    }
    return product * axis;
  }, 1);
  return Number.isSafeInteger(size) ? size : fail(`shape of ${what}`, "at most 2^53 - 1 values", shape);
}

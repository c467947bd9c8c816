import { roundTogether } from "./grid";
import type { FrozenMatrix } from "./ops";

/**
 * Gives a matrix as products multiply it: rounded to its levels, each row by itself, in fp32's arithmetic, under a name of its own; one
 * without levels is itself.
 * For example `asMultiplied({ ...weight, rounding: { bits: 2, range: "symmetric" } }).read()`: three numbers in each row.
 */
export function asMultiplied(matrix: FrozenMatrix): FrozenMatrix {
  const { name, shape, source, rounding } = matrix;
  if (rounding === undefined) return matrix;
  const [, columns] = shape;
  const rounded = (rows: Float32Array): Float32Array => {
    const own = rows.slice();
    for (let from = 0; from < own.length; from += columns)
      roundTogether(own.subarray(from, from + columns), rounding, Math.fround);
    return own;
  };
  return {
    ...(source === undefined ? {} : { source }),
    name: `${name} (${rounding.range}, ${rounding.bits} bits)`,
    shape,
    rounded: rounding,
    read: () => rounded(matrix.read()),
    rows: (indices) => rounded(matrix.rows(indices)),
  };
}

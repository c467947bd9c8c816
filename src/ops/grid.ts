/**
 * The levels that numbers x are rounded to, decided by the numbers themselves; nothing is clipped away. Ties go to the even level.
 * - "symmetric": y = s round(x / s), s = max |x| / (2^(bits - 1) - 1); at 2 bits -s, 0 and s
 * - "min-max": y = s (q - z), q = round(x / s) + z in 0..2^bits - 1, s = (max(x, 0) - min(x, 0)) / (2^bits - 1), z = round(-min(x, 0) / s)
 */
export interface Levels {
  /** 2 to 16. */
  readonly bits: number;
  readonly range: "symmetric" | "min-max";
}

/** Levels, and which numbers have them in common: those of a row of the last axis, or all of a point. */
export interface Grid extends Levels {
  readonly per: "row" | "tensor";
}

/** Instead of a range's width where all numbers are 0. */
export const LEAST_WIDTH = 1e-30;

/** Gives how many steps of the scale the range has. @example stepsOf({ bits: 4, range: "symmetric" }) // 7 */
export function stepsOf({ bits, range }: Levels): number {
  return range === "symmetric" ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
}

/** Gives the nearest whole number, ties to even. @example [0.5, 1.5, -2.6].map(nearestEven) // [0, 2, -3] */
export function nearestEven(value: number): number {
  return value + WHOLE - WHOLE;
}

/** Adding and taking away 1.5 * 2^52 leaves the nearest whole number, ties to even. */
const WHOLE = 1.5 * 2 ** 52;

/**
 * Rounds numbers that have one scale in common, in place.
 * For example `roundTogether(Float64Array.of(1, -0.4), { bits: 2, range: "symmetric" })`: 1 and 0.
 * @param number what each result of the arithmetic is kept as: `Math.fround` gives an fp32 engine's bits; default: float64
 */
export function roundTogether(
  x: Float32Array | Float64Array,
  levels: Levels,
  number: (value: number) => number = (value) => value,
): void {
  let [least, most] = [0, 0];
  for (const value of x) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const steps = stepsOf(levels);
  const symmetric = levels.range === "symmetric";
  const width = Math.max(symmetric ? Math.max(-least, most) : number(most - least), number(LEAST_WIDTH));
  const scale = number(width / steps);
  // The product is exact for weights of few digits: what lies between two levels does so in any precision.
  const levelOf = (value: number): number => nearestEven(number(number(value * steps) / width));
  const zero = symmetric ? 0 : levelOf(-least);
  for (let i = 0; i < x.length; i++) {
    const level = levelOf(x[i]!);
    x[i] = number(scale * (symmetric ? level : Math.min(Math.max(level + zero, 0), steps) - zero));
  }
}

import { fail } from "../check/check";

/** A number as JSON carries it: what JSON cannot hold exactly goes as a word. */
export type WireNumber = number | "NaN" | "Infinity" | "-Infinity" | "-0";

const words: readonly unknown[] = ["NaN", "Infinity", "-Infinity", "-0"];

/**
 * Makes a float64 in a form that survives JSON bit for bit (JSON has no NaN, no infinities, and drops the sign of -0).
 * @example toWire(0.1) // 0.1
 * @example toWire(Infinity) // "Infinity"
 */
export function toWire(value: number): WireNumber {
  if (Number.isFinite(value) && !Object.is(value, -0)) return value;
  return (Object.is(value, -0) ? "-0" : String(value)) as WireNumber;
}

/** Gives the float64 that `toWire` wrote. @throws when it is neither a number nor one of the four words */
export function fromWire(what: string, value: unknown): number {
  if (typeof value === "number") return value;
  return words.includes(value) ? Number(value) : fail(what, "a number", value);
}

/**
 * Gives the nearest number with that many significant digits; what is not finite stays.
 * @example significant(0.12345678, 6) // 0.123457
 */
export function significant(value: number, digits: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(digits)) : value;
}

/**
 * Throws the error of an argument check at the door of a room. Every message has the form `what: expected ..., got ...`.
 * @example positiveInteger("ranks[2]", 0) // throws "ranks[2]: expected a positive integer, got 0"
 */
export function fail(what: string, expected: string, got: unknown): never {
  throw new Error(`${clip(what)}: expected ${clip(expected)}, got ${show(got)}`);
}

const LONGEST_PART = 400;

/** Names in a message may come from a damaged or hostile file: no control characters, and the middle of a long one is left out. */
function clip(text: string): string {
  const plain =
    text.length > LONGEST_PART ? `${text.slice(0, LONGEST_PART / 2)}...${text.slice(-LONGEST_PART / 2)}` : text;
  return plain.replace(/\p{Cc}/gu, "?");
}

/** Renders any value in at most 80 characters for an error message. */
export function show(value: unknown): string {
  const text =
    typeof value === "string"
      ? JSON.stringify(value)
      : typeof value === "object" && value !== null
        ? safeJson(value)
        : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function safeJson(value: object): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // A value within itself, or nested too deep: its text would be as deep.
    return Array.isArray(value) ? `a list of ${value.length}` : "an object";
  }
}

export function positiveInteger(what: string, value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1
    ? value
    : fail(what, "a positive integer", value);
}

export function nonNegativeInteger(what: string, value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0
    ? value
    : fail(what, "a non-negative integer", value);
}

export function positiveNumber(what: string, value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0
    ? value
    : fail(what, "a positive number", value);
}

/** Checks a length that weights are moved by: below float32's smallest number nothing would move. @example perturbation("epsilon", 1e-3) // 0.001 */
export function perturbation(what: string, value: unknown): number {
  const number = float32Number(what, positiveNumber(what, value));
  return Math.fround(number) > 0 ? number : fail(what, "a number that float32 can hold", value);
}

/**
 * Checks a factor of what an adapter adds: 1e-6 to 1e6. Above 0 alone, 1e39 is infinite in float32 and times a zero no number, and 1e-50 is 0.
 * @example adapterScale("scale", 0.1) // 0.1
 */
export function adapterScale(what: string, value: unknown): number {
  const scale = positiveNumber(what, value);
  return scale >= 1e-6 && scale <= 1e6 ? scale : fail(what, "a factor from 1e-6 to 1e6 (0.1 and 1 are usual)", value);
}

/** Checks a finite number that float32 can hold. @example float32Number("share", -0.5) // -0.5 */
export function float32Number(what: string, value: unknown): number {
  return Number.isFinite(Math.fround(finiteNumber(what, value)))
    ? (value as number)
    : fail(what, "a number that float32 can hold", value);
}

/** Checks a number of 0 or more that float32 can hold. @example heldNumber("spread", 0) // 0 */
export function heldNumber(what: string, value: unknown): number {
  return float32Number(what, nonNegativeNumber(what, value));
}

/** Checks a number of 0 or more. @example nonNegativeNumber("reach", 0) // 0 */
export function nonNegativeNumber(what: string, value: unknown): number {
  return finiteNumber(what, value) >= 0 ? (value as number) : fail(what, "0 or more", value);
}

export function finiteNumber(what: string, value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : fail(what, "a finite number", value);
}

export function numberBelowOne(what: string, value: unknown): number {
  return typeof value === "number" && value >= 0 && value < 1 ? value : fail(what, "a number from 0 to below 1", value);
}

/** Checks how many bits numbers are to be kept in. @throws when it is no count from 2 to 16 */
export function checkBits(what: string, bits: unknown): number {
  const count = positiveInteger(what, bits);
  return count < 2 || count > 16 ? fail(what, "2 to 16 bits", bits) : count;
}

export function sameLength(what: string, got: number, expected: number): void {
  if (got !== expected) fail(what, `length ${expected}`, got);
}

/** Exhaustiveness of a `switch` over a discriminated union, checked by the compiler and at run time. */
export function unreachable(value: never): never {
  return fail("kind", "a known kind", value);
}

import { fail } from "./check";

/**
 * Checks that a value is plain data, which JSON carries without a loss: null, booleans, finite numbers, texts, and lists and objects of them.
 * @throws naming the place, for example "settings.by: expected plain data (a finite number, a text, ...), got NaN"
 * @example plainData("settings", { by: 0.5, names: ["a"] }) // { by: 0.5, names: ["a"] }
 */
export function plainData<T>(what: string, value: T): T {
  check(what, value, []);
  return value;
}

function check(what: string, value: unknown, around: readonly unknown[]): void {
  if (value === null || typeof value === "boolean" || typeof value === "string" || Number.isFinite(value)) return;
  if (typeof value !== "object" || !(Array.isArray(value) || isPlain(value)))
    fail(what, "plain data (a finite number, a text, true, false, null, lists and objects of them)", value);
  if (around.includes(value)) fail(what, "plain data", "an object that holds itself");
  const within = [...around, value];
  for (const [name, entry] of Object.entries(value))
    check(Array.isArray(value) ? `${what}[${name}]` : `${what}.${name}`, entry, within);
}

/** Says whether a value is an object of no class. @example isPlain(new Map()) // false */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // A notebook cell lives in another realm, so its Object.prototype is another object: look at the chain, not at identity.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

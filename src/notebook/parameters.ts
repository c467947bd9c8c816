import { fail } from "../check/check";
import { environment } from "./environment";

/** `300` is a parameter of type number, whatever the number. */
type Widen<T> = T extends number
  ? number
  : T extends string
    ? string
    : T extends boolean
      ? boolean
      : T extends readonly (infer E)[]
        ? readonly Widen<E>[]
        : T;
export type Parameters<T> = { readonly [K in keyof T]: Widen<T[K]> };

const kindOf = (value: unknown): string =>
  Array.isArray(value)
    ? "an array"
    : value === null
      ? "null"
      : typeof value === "object"
        ? "an object"
        : `a ${typeof value}`;

/** A value of the same type as the default: the same kind, and in an array elements of the first element's kind. */
function checked(name: string, value: unknown, standard: unknown): unknown {
  if (kindOf(value) !== kindOf(standard))
    return fail(name, `${kindOf(standard)} like ${JSON.stringify(standard)}`, value);
  if (typeof value === "number" && !Number.isFinite(value)) return fail(name, "a finite number", value);
  if (Array.isArray(value) && Array.isArray(standard) && standard.length > 0)
    value.forEach((element: unknown, at) => checked(`${name}[${at}]`, element, standard[0]));
  return value;
}

/**
 * Makes a notebook's parameters: the defaults written in its cell, overridden by name from `npm run notebook -- FILE --set steps=10`.
 * @throws on a name that is not among the defaults, or a value of another type
 * @example const { steps, learningRate } = parameters({ steps: 300, learningRate: 1e-3 }); // { steps: 300, learningRate: 0.001 }
 */
export function parameters<const T extends Readonly<Record<string, unknown>>>(
  defaults: T,
  overrides: Readonly<Record<string, unknown>> = environment().parameters,
): Parameters<T> {
  const names = Object.keys(defaults);
  const changed = Object.entries(overrides).map(([name, value]) => {
    if (!names.includes(name)) return fail("parameters", `one of ${names.join(", ")}`, name);
    return [name, checked(`parameters.${name}`, value, defaults[name])];
  });
  return { ...defaults, ...Object.fromEntries(changed) } as Parameters<T>;
}

import { compose, type MethodOptions } from "./compose";
import type { Method } from "./method";

/** A function that makes methods of a name, and the options without which it makes none. */
interface Maker {
  readonly make: (options: object) => Method;
  readonly required?: object;
}

/**
 * Gives the options that a function which makes methods looks at, asked of the function itself.
 * For example `optionsOf("lozo", recipes.lozo)[0]`: "queries".
 */
export function optionsOf(name: string, { make, required = {} }: Maker): readonly string[] {
  const own = lookedAt(make, required);
  if (!own.passesOn) return [...own.names].sort();
  const rest = (options: object): Method =>
    compose(
      name,
      { directions: { kind: "gaussian" }, ...(own.made.rounds && { rounds: own.made.rounds }) },
      options as MethodOptions,
    );
  return [...new Set([...[...own.names].sort(), ...lookedAt(rest, {}).names])];
}

interface LookedAt {
  readonly names: ReadonlySet<string>;
  /** Hands what it does not look at to another function. */
  readonly passesOn: boolean;
  readonly made: Method;
}

function lookedAt(make: (options: object) => Method, options: object): LookedAt {
  const names = new Set<string>();
  let passesOn = false;
  const watched = new Proxy(options, {
    get(target, name) {
      names.add(String(name));
      return Reflect.get(target, name) as unknown;
    },
    ownKeys(target) {
      passesOn = true;
      return Reflect.ownKeys(target);
    },
  });
  return { made: make(watched), names, passesOn };
}

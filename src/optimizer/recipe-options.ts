import { compose, type MethodOptions } from "./compose";
import type { Method } from "./method";
import { recipes, type RecipeName } from "./recipes";

/**
 * Gives the options that a named method knows: those that its function looks at, asked of the function itself.
 * @example recipeOptions("lozo") // ["queries", "rank", "redraw", "learningRate", "weightDecay", "name", "estimator", "perturbationScale", "chunk"]
 */
export function recipeOptions(name: RecipeName): readonly string[] {
  const { make, required } = recipes[name] as {
    readonly make: (options: object) => Method;
    readonly required?: object;
  };
  const own = lookedAt(make, required ?? {});
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

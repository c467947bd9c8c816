import type { Method } from "./method";
import { optionsOf } from "./options-of";
import { recipes, type RecipeName } from "./recipes";

/**
 * Gives the options that a named method knows: those that its function looks at, asked of the function itself.
 * @example recipeOptions("lozo") // ["queries", "rank", "redraw", "learningRate", "weightDecay", "name", "estimator", "perturbationScale", "chunk"]
 */
export function recipeOptions(name: RecipeName): readonly string[] {
  return optionsOf(name, recipes[name] as { readonly make: (options: object) => Method; readonly required?: object });
}

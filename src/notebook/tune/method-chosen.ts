import { fail, show } from "../../check/check";
import { messageOf } from "../../check/error-words";
import { fields, optional, positive } from "../../check/fields";
import type { Field } from "../../check/fields";
import { wellSpent } from "../../experiment/well-spent";
import type { WellSpent } from "../../experiment/well-spent";
import type { Model } from "../../model/model";
import { kindsInWords } from "../../check/kinds";
import { nearestHint } from "../../check/nearest";
import { checkMethod, passesOf } from "../../optimizer/method";
import type { Method } from "../../optimizer/method";
import { recipeOptions } from "../../optimizer/recipe-options";
import { method as namedMethod, recipes } from "../../optimizer/recipes";
import type { RecipeName } from "../../optimizer/recipes";
import { forwardPasses } from "../../schedule/forward-passes";
import type { Budget } from "../../train/settings";

/** A method as a settings file says it: what spends passes best here, a named one with options, or a whole composition as a notebook's run prints it. */
export type MethodChoice =
  | { readonly kind: "well-spent"; readonly learningRate?: number }
  | { readonly kind: "recipe"; readonly recipe: RecipeName; readonly options: Readonly<Record<string, unknown>> }
  | { readonly kind: "composition"; readonly method: Method };

/** What names an adapter, a method, its rate and its start at once (`wellSpent`). */
export const WHOLE = "well-spent";
/** What a file is tuned by that names no recipe. */
export const STANDARD = WHOLE as RecipeName | typeof WHOLE;
/** Queries that its schedule ends with. */
const TARGET = 8;

/** The field of a method. */
export const methodField: Field<MethodChoice> = {
  about: `how it is tuned: {"recipe": NAME, options of it}; the recipe is ${STANDARD} unless it is named. ${WHOLE} decides adapter and texts.readout too, where they are absent`,
  holds: "an object",
  forms: {
    [`{"recipe": "${WHOLE}"}`]: "learningRate",
    ...Object.fromEntries(
      (Object.keys(recipes) as RecipeName[]).map((name) => [`{"recipe": "${name}"}`, recipeOptions(name).join(", ")]),
    ),
  },
  read(where, value, complain) {
    const none = { kind: "recipe", recipe: "adazeta", options: {} } as const;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      complain(`${where}: expected an object with a recipe and its options, got ${show(value)}`);
      return none;
    }
    const tried = <T>(make: () => T): T | null => {
      try {
        return make();
      } catch (error) {
        complain(
          messageOf(error)
            .replace(/^(?:method\.?)?/, `${where}.`)
            .replace(/^(\w+)\.:/, "$1:"),
        );
        return null;
      }
    };
    if ("directions" in value) {
      const method = tried(() => checkMethod(value as Method));
      if (method === null) return none;
      for (const part of ["directions", "probe"] as const)
        if (method[part]?.kind === "own")
          complain(
            `${where}.${part}: expected a kind that a file can carry, got your own: its function is in a notebook's cell`,
          );
      return { kind: "composition", method };
    }
    const { recipe = STANDARD, ...options } = value as Readonly<Record<string, unknown>>;
    if (recipe === WHOLE) {
      const read = fields("", { learningRate: optional(positive("in place of the one that was chosen")) });
      return { kind: WHOLE, ...read.read(where, options, complain) };
    }
    if (typeof recipe !== "string" || !Object.hasOwn(recipes, recipe)) {
      const known = { [WHOLE]: true, ...recipes };
      const hint = typeof recipe === "string" ? nearestHint(recipe, Object.keys(known)) : "";
      complain(`${where}.recipe: expected ${kindsInWords(known)}${hint}, got ${show(recipe)}`);
      return none;
    }
    const name = recipe as RecipeName;
    const known = recipeOptions(name);
    for (const option of Object.keys(options))
      if (!known.includes(option))
        complain(
          `${where}.${option}: expected one of the options of ${name}, ${known.join(", ")}${nearestHint(option, known)}, got ${show(option)}`,
        );
    if (typeof options["estimator"] === "object")
      complain(`${where}.estimator: expected "two-sided" or "directional", got ${show(options["estimator"])}`);
    else {
      const own = Object.fromEntries(Object.entries(options).filter(([option]) => known.includes(option)));
      tried(() => namedMethod(name, { learningRate: 1, ...own } as object));
    }
    return { kind: "recipe", recipe: name, options };
  },
};

/**
 * Gives the method that a settings file chose. A schedule of queries whose exponent is left open reaches 8 queries, or its cap where that is
 * less, at the end of the budget.
 * @param epochSteps steps of an epoch
 * @throws when there is no learning rate, or no exponent beside a budget of minutes
 */
export function methodChosen(
  choice: Exclude<MethodChoice, { readonly kind: "well-spent" }>,
  budget: Budget,
  epochSteps: number,
): Method {
  if (choice.kind === "composition") return choice.method;
  const { recipe, options } = choice;
  if (options["learningRate"] === undefined)
    fail("method.learningRate", "a learning rate (--find-rate proposes one)", "nothing");
  const { required } = recipes[recipe] as { readonly required?: object };
  if (required === undefined || !("exponent" in required) || options["exponent"] !== undefined)
    return namedMethod(recipe, options as object);
  const { cap } = options as { readonly cap?: number };
  const target = Math.min(TARGET, cap ?? TARGET);
  const made = (epochs: number): Method =>
    namedMethod(recipe, { cap: target, ...options, exponent: { target, epochs } } as object);
  return made(Math.max(2, epochsOf(budget, epochSteps, made)));
}

/**
 * Gives what spends forward passes best on a model, for a file's budget.
 * @throws when its rate falls over the run, and minutes do not say how long that is
 */
export function wellSpentFor(
  { learningRate }: Pick<Extract<MethodChoice, { readonly kind: "well-spent" }>, "learningRate">,
  model: Pick<Model, "reading">,
  budget: Budget,
  epochSteps: number,
): WellSpent {
  const made = (passes: number): WellSpent => wellSpent(model, passes, learningRate);
  if (budget.kind === "forward-passes") return made(budget.forwardPasses);
  const plain = made(1);
  const { queries, learningRate: rate } = plain.method;
  if (rate.kind === "constant") return plain;
  if (budget.kind === "minutes")
    return fail("budget", "steps or forwardPasses: minutes do not say when the rate has fallen", budget);
  return made(forwardPasses(queries, budget.steps, epochSteps, passesOf(plain.method)));
}

/** How many epochs a budget comes to, with the schedule that they themselves decide. */
function epochsOf(budget: Budget, epochSteps: number, made: (epochs: number) => Method): number {
  if (budget.kind === "minutes")
    return fail("method.exponent", 'one, for example {"target": 8, "epochs": 15}: minutes do not say how many epochs there will be', "nothing"); // prettier-ignore
  if (budget.kind === "steps") return Math.ceil(budget.steps / epochSteps);
  const enough = (epochs: number): boolean => {
    const method = made(epochs);
    return forwardPasses(method.queries, epochs * epochSteps, epochSteps, passesOf(method)) >= budget.forwardPasses;
  };
  let [below, epochs] = [1, 2];
  while (!enough(epochs)) [below, epochs] = [epochs, 2 * epochs];
  while (epochs - below > 1) {
    const middle = Math.floor((below + epochs) / 2);
    if (enough(middle)) epochs = middle;
    else below = middle;
  }
  return epochs;
}

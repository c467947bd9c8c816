import { fail } from "../check/check";
import { adapterFor } from "../experiment/adapter-for";
import type { RunOpener } from "../experiment/open-run";
import { armOptions } from "../experiment/run-arm";
import type { RunOrder } from "../experiment/study-run";
import { checkMethod } from "../optimizer/method";
import type { Followed } from "./follower";
import { checkSpread } from "./spread";

/**
 * Opens the run that an order names, to follow it: its model and task by their names, its problem, adapter and method by their settings. What an order
 * holds is data; nothing of it is run.
 * @throws when a field is missing or of another kind, or the model or task is not here
 */
export function orderOpener(opener: RunOpener): (order: unknown) => Promise<Followed<unknown>> {
  return async (given) => {
    const order = checkOrder(given);
    const { arm, seed } = order;
    const problem = await opener.problemOf(order);
    const drops = arm.dropping !== undefined;
    const { adapter, session } = await opener.sessionOf(order, problem, adapterFor(arm.adapter, problem), drops);
    const options = armOptions(arm, problem, adapter, session, {
      seed,
      evaluateEvery: 0,
      stopMargin: null,
      anyPrecision: true,
    });
    return options;
  };
}

function checkOrder(given: unknown): RunOrder {
  if (typeof given !== "object" || given === null) return fail("order", "an object", given);
  const order = given as RunOrder;
  for (const name of ["model", "task"] as const)
    if (typeof order[name] !== "string") fail(`order.${name}`, "a name", order[name]);
  for (const name of ["problem", "arm"] as const)
    if (typeof order[name] !== "object" || order[name] === null) fail(`order.${name}`, "an object", order[name]);
  if (!Number.isSafeInteger(order.seed)) fail("order.seed", "a whole number", order.seed);
  checkSpread(checkMethod(order.arm.method));
  return order;
}

import { fail } from "../check/check";
import type { Objective } from "./objective";

/**
 * Refuses an objective that has values alone where derivatives are asked of it.
 * @throws saying what the method would have to ask in their place
 */
export function requireDerivatives(asked: string, { without }: Pick<Objective<never>, "without">): void {
  if (without === undefined) return;
  fail(
    "method.probe",
    `one that asks for values alone (two-sided, one-sided, three-point, or rounds such as population): ${without} has no derivative`,
    asked,
  );
}

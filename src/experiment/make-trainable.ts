import type { OptionBatch } from "../task/option-batch";
import { makeOptionProblem } from "./option-problem";
import { makeProblem } from "./problem";
import type { Problem, Trainable } from "./problem";

/** A task of any kind as a problem: `makeProblem` for classes, `makeOptionProblem` for options and texts to write. */
export function makeTrainable(
  ...[loaded, from, options, openFrozen]: Parameters<typeof makeProblem>
): Promise<Problem | Trainable<OptionBatch>> {
  if (from.task.kind === "classification") return makeProblem(loaded, from, options, openFrozen);
  return makeOptionProblem(loaded, from, options);
}

import type { RunCount, RunSoFar } from "./planned-end";
import type { ProgressState } from "./progress";

/**
 * Gives what a bar tells of a run that will end there: its last step, and the loss, or the objective, minus which is what was minimised.
 * For example `progressOf(seen, { step: 24, forwardPasses: 96 })`: { step: 24, steps: 24, forwardPasses: 96, totalForwardPasses: 96, objective: 0.884 }.
 */
export function progressOf({ header, steps }: Pick<RunSoFar, "header" | "steps">, end: RunCount): ProgressState {
  const { step = 0, forwardPasses = 0, loss } = steps.at(-1) ?? {};
  const state = { step, steps: end.step, forwardPasses, totalForwardPasses: end.forwardPasses };
  if (loss === undefined) return state;
  return header.settings.objective === undefined ? { ...state, loss } : { ...state, objective: -loss };
}

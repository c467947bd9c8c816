import type { Cell } from "../../src/experiment/cells";
import type { History } from "../../src/experiment/history";
import { recordFrom } from "../../src/experiment/record";
import type { ExperimentRecord } from "../../src/experiment/record";

/** The columns of a history without steps. */
export const NO_STEPS: History["steps"] = {
  step: [],
  forwardPasses: [],
  queries: [],
  loss: [],
  rmsProjectedGradient: [],
  weightNorm: [],
};

/** A record of a cell's run as it is written, without steps and evaluations; any of it replaced. */
export function madeRecord<Settings>(
  cell: Cell<Settings>,
  changes: Partial<ExperimentRecord<Settings>>,
): ExperimentRecord<Settings> {
  const origin = {
    commit: "0123abc",
    machine: "a machine",
    command: "a command",
    startedAt: "2026-01-01T00:00:00.000Z",
    endedAt: "2026-01-01T00:30:00.000Z",
  };
  const measured = {
    model: "a model",
    adapter: null,
    data: "some texts",
    parameters: 4,
    startingPoint: "0",
    elapsedMs: 1_800_000,
    reason: "finished",
    message: "",
    forwardPasses: 0,
    diverged: null,
    history: { steps: NO_STEPS, evaluations: [] },
  } as const;
  return { ...recordFrom(cell, origin, measured), ...changes };
}

import { fail, nonNegativeInteger, positiveInteger } from "../check/check";
import { queriesAt, type Schedule } from "./schedule";

/** Forward passes of an estimator of one's own: once + perQuery Q. */
export interface PassesOfOwn {
  readonly once: number;
  readonly perQuery: number;
}

/** How a step is paid for: two losses a query, one shared loss and a directional pass a query, one pass and one back, or as said. */
export type PassKind = "two-sided" | "directional" | "backpropagation" | PassesOfOwn;

/**
 * Gives forward passes that one step costs: 2 Q two-sided, 1 + Q directional (all directions in one call), 1 with backpropagation,
 * whose backward pass is counted apart; an own estimator's as it says.
 * @example passesPerStep("two-sided", 4) // 8
 */
export function passesPerStep(kind: PassKind, queries: number): number {
  if (typeof kind === "object") return kind.once + kind.perQuery * queries;
  switch (kind) {
    case "two-sided":
      return 2 * queries;
    case "directional":
      return 1 + queries;
    case "backpropagation":
      return 1;
    default:
      return fail("kind", '"two-sided", "directional" or "backpropagation"', kind);
  }
}

/**
 * Gives steps in one epoch: ceil(examples / batch), the last batch may be smaller.
 * @example stepsPerEpoch(1000, 16) // 63
 * Source: AdaZeta, as in the schedule's worked values (1000 examples, batch 16: 63 steps per epoch).
 */
export function stepsPerEpoch(examples: number, batchSize: number): number {
  return Math.ceil(positiveInteger("examples", examples) / positiveInteger("batchSize", batchSize));
}

/** Gives queries of each of the first `steps` steps. */
export function queriesBySteps(schedule: Schedule, steps: number, epochSteps: number): readonly number[] {
  positiveInteger("stepsPerEpoch", epochSteps);
  return Array.from({ length: nonNegativeInteger("steps", steps) }, (_, step) =>
    queriesAt(schedule, { epoch: Math.floor(step / epochSteps), step }),
  );
}

/**
 * Gives queries at the start of each of the first `epochs` epochs.
 * @example queriesByEpochs({ kind: "power-law", form: "roberta", exponent: 0.5 }, 5, 10) // [1, 1, 1, 1, 2]
 */
export function queriesByEpochs(schedule: Schedule, epochs: number, epochSteps: number): readonly number[] {
  positiveInteger("stepsPerEpoch", epochSteps);
  return Array.from({ length: nonNegativeInteger("epochs", epochs) }, (_, epoch) =>
    queriesAt(schedule, { epoch, step: epoch * epochSteps }),
  );
}

/**
 * Gives forward passes of a whole run of `steps` steps.
 * @example forwardPasses({ kind: "constant", value: 1 }, 10_000, 63, "two-sided") // 20000
 */
export function forwardPasses(schedule: Schedule, steps: number, epochSteps: number, kind: PassKind): number {
  if (changesInEpochs(schedule))
    return queriesBySteps(schedule, steps, epochSteps).reduce((sum, queries) => sum + passesPerStep(kind, queries), 0);
  const epochs = Math.ceil(nonNegativeInteger("steps", steps) / positiveInteger("stepsPerEpoch", epochSteps));
  return queriesByEpochs(schedule, epochs, epochSteps).reduce(
    (sum, queries, epoch) => sum + Math.min(epochSteps, steps - epoch * epochSteps) * passesPerStep(kind, queries),
    0,
  );
}

/** Whether a schedule's value may differ from step to step within an epoch. */
function changesInEpochs(schedule: Schedule): boolean {
  return "unit" in schedule && schedule.unit === "step";
}

/** Gives the steps that a number of forward passes buys: the most that cost at most `passes` (for comparisons at equal forward passes). */
export function stepsForPasses(schedule: Schedule, passes: number, epochSteps: number, kind: PassKind): number {
  nonNegativeInteger("passes", passes);
  positiveInteger("stepsPerEpoch", epochSteps);
  const stride = changesInEpochs(schedule) ? 1 : epochSteps;
  for (let step = 0, spent = 0; ; step += stride) {
    const each = passesPerStep(kind, queriesAt(schedule, { epoch: Math.floor(step / epochSteps), step }));
    if (spent + stride * each > passes) return step + Math.floor((passes - spent) / each);
    spent += stride * each;
  }
}

import { nonNegativeInteger, positiveInteger } from "../check/check";
import { queriesAt, type Schedule } from "./schedule";

/** Forward passes of a step, as a method's probe says: once + perQuery Q, and one more for each call of the engine. Plain data. */
export interface PassCost {
  readonly once: number;
  readonly perQuery: number;
  /** Queries in a call of the engine that costs a pass of its own; null: all of a step's. Absent: calls cost nothing. */
  readonly chunk?: number | null;
  /** Steps that cost otherwise: the one with index `at`, and then every so many. Absent: none. */
  readonly every?: { readonly steps: number; readonly at: number; readonly once: number; readonly perQuery: number };
  /** The first so many steps cost otherwise: `once` each. Absent: they do not. */
  readonly first?: { readonly steps: number; readonly once: number };
}

/** Two losses a query. */
export const TWO_SIDED: PassCost = { once: 0, perQuery: 2 };

/** One pass with a tangent a query, and the loss once for all of them. */
export const DIRECTIONAL: PassCost = { once: 0, perQuery: 1, chunk: null };

/**
 * Gives forward passes that one step costs, an exact gradient's backward pass not among them: 2 Q two-sided, 1 + Q directional.
 * @param step its index, where the cost has steps that cost otherwise
 * @throws when the cost changes with the step, and it was not said which
 * @example passesPerStep({ once: 0, perQuery: 2 }, 4) // 8
 */
export function passesPerStep(cost: PassCost, queries: number, step?: number): number {
  const { once, perQuery, chunk, every, first } = cost;
  if (first !== undefined && nonNegativeInteger("step", step) < first.steps) return first.once;
  if (every !== undefined && nonNegativeInteger("step", step) % every.steps === every.at)
    return every.once + every.perQuery * queries;
  return once + perQuery * queries + (chunk === undefined ? 0 : Math.ceil(queries / (chunk ?? queries)));
}

/**
 * Gives forward passes of the steps from one index to before another, all with as many queries.
 * @example passesOverSteps({ once: 0, perQuery: 4, every: { steps: 2, at: 0, once: 0, perQuery: 16 } }, 1, 0, 3) // 36
 */
export function passesOverSteps(cost: PassCost, queries: number, from: number, to: number): number {
  const { first, ...later } = cost;
  if (first !== undefined) {
    const plainly = Math.max(0, Math.min(first.steps, to) - from);
    return plainly * first.once + (plainly < to - from ? passesOverSteps(later, queries, from + plainly, to) : 0);
  }
  const { every, ...others } = cost;
  const plain = passesPerStep(others, queries);
  if (every === undefined) return (to - from) * plain;
  const before = (step: number): number => Math.max(0, Math.ceil((step - every.at) / every.steps));
  const special = before(to) - before(from);
  return special * passesPerStep(cost, queries, every.at) + (to - from - special) * plain;
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
 * @example forwardPasses({ kind: "constant", value: 1 }, 10_000, 63, TWO_SIDED) // 20000
 */
export function forwardPasses(schedule: Schedule, steps: number, epochSteps: number, cost: PassCost): number {
  if (changesInEpochs(schedule))
    return queriesBySteps(schedule, steps, epochSteps).reduce(
      (sum, queries, step) => sum + passesPerStep(cost, queries, step),
      0,
    );
  const epochs = Math.ceil(nonNegativeInteger("steps", steps) / positiveInteger("stepsPerEpoch", epochSteps));
  return queriesByEpochs(schedule, epochs, epochSteps).reduce(
    (sum, queries, epoch) =>
      sum + passesOverSteps(cost, queries, epoch * epochSteps, Math.min((epoch + 1) * epochSteps, steps)),
    0,
  );
}

/** Whether a schedule's value may differ from step to step within an epoch. */
function changesInEpochs(schedule: Schedule): boolean {
  return "unit" in schedule && schedule.unit === "step";
}

/** Gives the steps that a number of forward passes buys: the most that cost at most `passes` (for comparisons at equal forward passes). */
export function stepsForPasses(schedule: Schedule, passes: number, epochSteps: number, cost: PassCost): number {
  nonNegativeInteger("passes", passes);
  positiveInteger("stepsPerEpoch", epochSteps);
  const stride = changesInEpochs(schedule) || cost.every !== undefined || cost.first !== undefined ? 1 : epochSteps;
  for (let step = 0, spent = 0; ; step += stride) {
    const each = passesPerStep(cost, queriesAt(schedule, { epoch: Math.floor(step / epochSteps), step }), step);
    if (spent + stride * each > passes) return step + Math.floor((passes - spent) / each);
    spent += stride * each;
  }
}

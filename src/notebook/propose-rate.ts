import { knownOptions, namesOf } from "../check/known-options";
import { adapterFor } from "../experiment/adapter-for";
import type { Arm } from "../experiment/arm";
import { budgetOf } from "../experiment/plan";
import type { Trainable } from "../experiment/problem";
import { armOptions } from "../experiment/run-arm";
import { queriesAt } from "../schedule/schedule";
import { findRate, harmonicQueries } from "../train/find-rate";
import type { RateProposal } from "../train/find-rate";
import { openAdapter, scoredModel } from "./open";
import { stopSignal } from "./stop-signal";

/** How a rate is looked for. */
export interface ProposeRateOptions {
  readonly seed: number;
  /** Steps looked at, each on two batches; default 10. */
  readonly steps?: number;
  /** Directions of each; default 4. */
  readonly queries?: number;
}

const OPTIONS = namesOf<ProposeRateOptions>({ seed: true, steps: true, queries: true });

/**
 * Looks at ten steps of an arm at its start, takes none of them, and proposes a learning rate (`findRate`): a user's first question when the loss
 * stays flat. The arm's own rate is not looked at. Where runs of the same model and adapter are recorded, `suggestedRate` knows more.
 * For example `console.log((await proposeRate(problem, arm, { seed: 0 })).why)`.
 * @throws when an option is unknown, the method makes no plain steps along its projected gradients, or was stopped
 */
export async function proposeRate<Batch>(
  problem: Trainable<Batch>,
  arm: Arm,
  options: ProposeRateOptions,
): Promise<RateProposal> {
  knownOptions("proposeRate", options, OPTIONS);
  const { seed, steps = 10, queries = 4 } = options;
  const { adapter, session } = await openAdapter(scoredModel(problem), adapterFor(arm.adapter, problem));
  const once = { seed, evaluateEvery: 0, stopMargin: null };
  const { settings, start, layout, objective, batchAt } = armOptions(arm, problem, adapter, session, once);
  const { method, stepsPerEpoch, budget } = settings;
  const planned = budget.kind === "minutes" ? 0 : budgetOf(arm, stepsPerEpoch).steps;
  const runQueries =
    planned === 0
      ? queriesAt(method.queries, { epoch: 0, step: 0 })
      : harmonicQueries(method.queries, planned, stepsPerEpoch);
  return findRate({
    method,
    objective,
    start,
    layout,
    batchAt,
    seed,
    steps,
    queries,
    runQueries,
    signal: stopSignal(),
  });
}

import type { Adapter } from "../adapter/adapter";
import { fail } from "../check/check";
import { keepFactors } from "../engine/keep-factors";
import type { TokenBatch } from "../engine/session";

/**
 * Gives the batches of a run's steps with keep factors of each step, functions of the seed and the step alone: a run that is resumed or walked
 * again has the same.
 * For example `droppedBatches(batches.at, dropping(adapter), 0.2, 7)(0)`: the first step's batch, a fifth of the sites dropped.
 * @throws when the adapter drops nothing, p is not from 0 to below 1, or a batch has no tokens of its own to compute on
 */
export function droppedBatches<Batch>(
  at: (step: number) => Batch,
  { drops, spec }: Pick<Adapter, "drops" | "spec">,
  probability: number,
  seed: number,
): (step: number) => Batch {
  const sites = drops ?? fail("dropping", "a session of an adapter made with `dropping(adapter)`", spec.kind);
  keepFactors(sites, probability, seed, 0);
  return (step) => {
    const batch = at(step);
    if (!hasInput(batch)) return fail("dropping", "a loss of batches of tokens", batch);
    return { ...batch, input: { ...batch.input, keep: keepFactors(sites, probability, seed, step) } };
  };
}

function hasInput(batch: unknown): batch is { readonly input: TokenBatch } {
  return typeof batch === "object" && batch !== null && "input" in batch;
}

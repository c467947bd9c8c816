import { nonNegativeInteger, positiveInteger } from "../check/check";
import { randomKey } from "../random/key";
import { permutation } from "../random/permutation";
import { stepsPerEpoch } from "../schedule/forward-passes";

/**
 * Gives the batches of one epoch: a random order of 0..n-1, cut into runs of B. Every example comes once; the last batch is
 * shorter where B does not divide n (its loss is then the mean over fewer examples).
 * A pure function of its arguments: epoch 7 needs no epoch 6.
 * @returns indices [steps][B or fewer]
 * @example epochBatches(0, 0, 5, 2).map((batch) => batch.length) // [2, 2, 1]
 */
export function epochBatches(
  seed: number,
  epoch: number,
  examples: number,
  batchSize: number,
): readonly (readonly number[])[] {
  const order = permutation(randomKey(seed, "batch", epoch), positiveInteger("examples", examples));
  const steps = stepsPerEpoch(examples, batchSize);
  return Array.from({ length: steps }, (_, i) => order.slice(i * batchSize, (i + 1) * batchSize));
}

/**
 * Gives the batch of one training step: step k is batch k mod S of epoch floor(k / S), S = ceil(n / B).
 * @example batchAt(0, 3, 5, 2).epoch // 1
 */
export function batchAt(
  seed: number,
  step: number,
  examples: number,
  batchSize: number,
): { readonly epoch: number; readonly indices: readonly number[] } {
  const steps = stepsPerEpoch(examples, batchSize);
  const epoch = Math.floor(nonNegativeInteger("step", step) / steps);
  return { epoch, indices: epochBatches(seed, epoch, examples, batchSize)[step % steps] };
}

/** Batches of training examples, of a size that may differ from the usual one. */
export interface TrainingBatches<B> {
  (batchSize?: number): {
    readonly stepsPerEpoch: number;
    /** The batch of a step, from 0. */
    at(step: number): B;
  };
}

/** Gives the training batches of `count` examples as `batchOf` makes them of indices. */
export function trainingBatches<B>(
  count: number,
  { seed, batchSize: usual }: { readonly seed: number; readonly batchSize: number },
  batchOf: (indices: readonly number[]) => B,
): TrainingBatches<B> {
  return (batchSize = usual) => ({
    stepsPerEpoch: stepsPerEpoch(count, batchSize),
    at: (step) => batchOf(batchAt(seed, step, count, batchSize).indices),
  });
}

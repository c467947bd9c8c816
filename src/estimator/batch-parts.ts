import { fail, positiveInteger, sameLength } from "../check/check";
import type { BatchPart, Objective } from "./objective";

/** The loss and its gradient on a batch, or on a part of it. */
export interface LossGradient {
  readonly loss: number;
  readonly gradient: ArrayLike<number>;
}

/** Checks into how many parts a batch is divided, where a specification says so. */
export function checkParts(what: string, spec: { readonly parts?: number }): void {
  if ("parts" in spec) positiveInteger(`${what}.parts`, spec.parts);
}

/** Checks that an objective's batches can be divided, where more than one part is asked for. @throws naming the field, and what to do */
export function needsParts(asked: string, parts: number, objective: Objective<never>): void {
  if (parts > 1 && objective.split === undefined)
    fail(asked, "1: this objective's loss is no mean over texts, so its batches are taken whole", parts);
}

/** Divides a batch into so many parts, or as many as it has texts; one part is the batch itself. @throws as `needsParts` does */
export function partsOf<Batch>(
  asked: string,
  objective: Objective<Batch>,
  batch: Batch,
  parts: number,
): readonly BatchPart<Batch>[] {
  if (parts === 1) return [{ batch, share: 1 }];
  needsParts(asked, parts, objective as Objective<never>);
  return objective.split!(batch, parts);
}

/**
 * Averages loss and gradient over the parts of a batch, each by its share, in float64: those of the whole batch, with memory for one part.
 *     L = sum_k share_k L_k,  g = sum_k share_k g_k,  share_k = texts of part k / texts of the batch
 * @param into g [d], rounded once
 * @param each gives a part's; asked one after another
 * @returns L
 */
export async function meanOverParts<Batch>(
  parts: readonly BatchPart<Batch>[],
  into: Float32Array,
  each: (batch: Batch, part: number) => Promise<LossGradient>,
): Promise<number> {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) {
    const { loss, gradient } = await each(first.batch, 0);
    sameLength("gradient of the objective", gradient.length, into.length);
    into.set(gradient);
    return loss;
  }
  const sum = new Float64Array(into.length);
  let mean = 0;
  for (const [part, { batch, share }] of parts.entries()) {
    const { loss, gradient } = await each(batch, part);
    sameLength("gradient of the objective", gradient.length, into.length);
    mean += share * loss;
    for (let i = 0; i < sum.length; i++) sum[i] += share * gradient[i];
  }
  into.set(sum);
  return mean;
}

import { agreement, type Agreement } from "../engine/agreement";
import { estimatorKey } from "../engine/precision-rule";
import { gradientOf } from "../estimator/probes/backpropagation";
import { gaussianDirection } from "../estimator/directions";
import type { ProbeSpec } from "../estimator/probes";
import type { Objective } from "../estimator/objective";
import { axpyInto, dot } from "../tree/vector";

/** Directions, in groups that share a batch, at one point. */
export interface Probes<Batch> {
  readonly point: Float32Array;
  readonly batches: readonly Batch[];
  readonly perBatch: number;
  readonly seed: number;
}

/** What precisions are measured with. */
export type MeasuredEstimator = Extract<ProbeSpec, { readonly kind: "two-sided" | "directional" | "backpropagation" }>;

/** The estimators that precisions are measured with. */
export const MEASURED: readonly MeasuredEstimator[] = [
  { kind: "two-sided", perturbationScale: 1e-3, chunk: 1 },
  { kind: "two-sided", perturbationScale: 1e-2, chunk: 1 },
  { kind: "directional", chunk: null },
  { kind: "backpropagation" },
];

/**
 * Gives the projected gradient of every probe by one estimator: <grad L, z> exactly, by tangents or by a whole gradient, or (L(theta + eps z) - L(theta - eps z)) / (2 eps).
 * Batch b has the directions of step b.
 */
export async function projectedGradients<Batch>(
  estimator: MeasuredEstimator,
  objective: Objective<Batch>,
  { point, batches, perBatch, seed }: Probes<Batch>,
): Promise<readonly number[]> {
  const found: number[] = [];
  for (const [b, batch] of batches.entries()) {
    const directions = Array.from({ length: perBatch }, (_, q) => gaussianDirection(seed, b, q, point.length));
    if (estimator.kind === "backpropagation") {
      const { gradient } = await gradientOf(objective)(point, batch);
      found.push(...directions.map((z) => dot(gradient, z)));
      continue;
    }
    if (estimator.kind === "directional") {
      found.push(...(await objective.derivatives(point, directions, batch)).derivatives);
      continue;
    }
    const { perturbationScale } = estimator;
    for (const z of directions) {
      const ends = [perturbationScale, -perturbationScale].map((by) => {
        const end = new Float32Array(point.length);
        axpyInto(end, by, z, point);
        return end;
      });
      const [plus, minus] = await objective.losses(ends, batch);
      found.push((plus - minus) / (2 * perturbationScale));
    }
  }
  return found;
}

/** Says how each measured estimator agrees with exact projected gradients, by its key. */
export async function measureAgreement<Batch>(
  objective: Objective<Batch>,
  exact: readonly number[],
  probes: Probes<Batch>,
): Promise<Readonly<Record<string, Agreement>>> {
  const figures: Record<string, Agreement> = {};
  for (const estimator of MEASURED) {
    figures[estimatorKey(estimator)] = agreement(await projectedGradients(estimator, objective, probes), exact);
  }
  return figures;
}

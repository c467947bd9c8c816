import { positiveInteger, positiveNumber, sameLength } from "../check/check";
import type { Direction } from "./direction";
import type { Estimate, EstimatorKind, StepQueries } from "./estimator";
import type { Objective } from "./objective";
import { runPipeline, type Group } from "./pipeline";
import type { Workspace } from "./workspace";

/** The paper's estimator. */
export interface TwoSided {
  /** epsilon. */
  readonly perturbationScale: number;
  /** Queries in one call of the engine, each two points. */
  readonly chunk: number;
}

interface TwoSidedGroup extends Group {
  /** Their losses, theta + epsilon z_q and theta - epsilon z_q, query by query. */
  readonly losses: () => Promise<readonly number[]>;
}

/** The two-sided estimator as a row of the table. */
export const twoSidedKind: EstimatorKind<TwoSided> = {
  check(what, { perturbationScale, chunk }) {
    positiveNumber(`${what}.perturbationScale`, perturbationScale);
    positiveInteger(`${what}.chunk`, chunk);
  },
  passKind: () => "two-sided",
  estimate: twoSided,
};

/**
 * Two-sided random gradient estimate averaged over Q queries:
 *   p_q = (L(theta + epsilon z_q) - L(theta - epsilon z_q)) / (2 epsilon),   g = (1/Q) sum_q p_q z_q.
 * Costs 2 Q forward passes. Points are built in their own memory: theta is never moved and cannot drift. A sparing workspace has
 * memory for one of them, and asks for one loss after another; the numbers are the same.
 * The objective must leave points as they are; their memory is reused after its promise is settled.
 * @throws when the objective does not return one loss for each point
 * Source: MeZO, arXiv 2305.17333, definition 1; yifanycc/AdaZeta@3659ba3 (queries, same batch for all of them).
 */
async function twoSided<Batch>(
  { perturbationScale, chunk }: TwoSided,
  objective: Objective<Batch>,
  point: Float32Array,
  { queries, draw, batch }: StepQueries<Batch>,
  workspace: Workspace,
): Promise<Estimate> {
  const lossesAt = async (points: readonly Float32Array[]): Promise<readonly number[]> => {
    const found = await objective.losses(points, batch);
    sameLength("losses of the objective", found.length, points.length);
    return found;
  };
  const oneByOne = async (zs: readonly Direction[]): Promise<readonly number[]> => {
    // Never a direction's memory: those are every third buffer.
    const moved = workspace.buffer(1);
    const losses: number[] = [];
    for (const z of zs)
      for (const a of [perturbationScale, -perturbationScale]) {
        moved.set(point);
        z.addInPlace(moved, a);
        losses.push(...(await lossesAt([moved])));
      }
    return losses;
  };
  const { projectedGradients, losses } = await runPipeline<TwoSidedGroup>(
    {
      queries,
      chunk,
      prepare(first, count, slot) {
        const at = 3 * Math.min(chunk, queries) * slot;
        const zs = Array.from({ length: count }, (_, i) => draw(first + i, () => workspace.buffer(at + 3 * i)));
        if (workspace.sparing) return { first, directions: zs, losses: () => oneByOne(zs) };
        const points = zs.flatMap((z, i) => {
          const [plus, minus] = [workspace.buffer(at + 3 * i + 1), workspace.buffer(at + 3 * i + 2)];
          z.spreadInto(plus, minus, perturbationScale, point);
          return [plus, minus];
        });
        return { first, directions: zs, losses: () => lossesAt(points) };
      },
      async ask({ losses }) {
        const found = await losses();
        return {
          losses: found,
          projectedGradients: Array.from(
            { length: found.length / 2 },
            (_, i) => (found[2 * i] - found[2 * i + 1]) / (2 * perturbationScale),
          ),
        };
      },
    },
    workspace,
  );
  return {
    projectedGradients,
    loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    forwardPasses: 2 * queries,
  };
}

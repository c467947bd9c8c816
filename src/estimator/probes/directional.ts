import { positiveInteger, sameLength } from "../../check/check";
import { drawInto } from "../direction";
import type { Estimate, ProbeKind, StepQueries } from "../probe";
import type { Objective } from "../objective";
import { runPipeline, type Group } from "../pipeline";
import { requireDerivatives } from "../without-derivatives";
import type { Workspace } from "../workspace";

/** The limit of the two-sided estimator for perturbationScale -> 0, without its rounding error; ours, not the paper's. */
export interface Directional {
  /** Directions in one call of the engine; null: all of a step's. */
  readonly chunk: number | null;
}

interface DirectionalGroup extends Group {
  /** z of each query, as the engine takes them. */
  readonly zs: readonly Float32Array[];
}

/** The directional probe as a row of the table. */
export const directionalProbe: ProbeKind<Directional> = {
  check(what, { chunk }) {
    if (chunk !== null) positiveInteger(`${what}.chunk`, chunk);
  },
  passes: ({ chunk }) => ({ once: 0, perQuery: 1, chunk }),
  needs: (_spec, objective) => requireDerivatives("directional", objective),
  measure: directional,
};

/**
 * Exact directional derivatives, the forward gradient's:
 *     p_q = <grad L(theta), z_q>
 * A call of the engine with n directions costs 1 + n passes; all directions in one call: 1 + Q.
 * @throws when the objective does not return one derivative for each direction
 * Source: Baydin et al., "Gradients without Backpropagation", arXiv 2202.08587.
 */
async function directional<Batch>(
  { chunk }: Directional,
  objective: Objective<Batch>,
  point: Float32Array,
  { queries, draw, batch, weightOf }: StepQueries<Batch>,
  workspace: Workspace,
): Promise<Estimate> {
  const inCall = Math.min(chunk ?? queries, queries);
  objective.expect?.(Array.from({ length: queries }, () => 1));
  const { projectedGradients, losses, calls } = await runPipeline<DirectionalGroup>(
    {
      queries,
      chunk: inCall,
      weightOf,
      prepare(first, count, slot) {
        const zs = Array.from({ length: count }, (_, i) => workspace.buffer(inCall * slot + i));
        return {
          first,
          zs,
          directions: zs.map((z, i) => drawInto(draw, first + i, z)),
        };
      },
      async ask({ zs }) {
        const { loss, derivatives } = await objective.derivatives(point, zs, batch);
        sameLength("derivatives of the objective", derivatives.length, zs.length);
        return { losses: [loss], projectedGradients: derivatives };
      },
    },
    workspace,
  );
  return { projectedGradients, loss: losses[0], forwardPasses: calls + queries, directionalPasses: queries };
}

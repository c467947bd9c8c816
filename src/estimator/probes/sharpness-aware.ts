import { perturbation, sameLength } from "../../check/check";
import { axpyInto, norm } from "../../tree/vector";
import type { Objective } from "../objective";
import type { Estimate, ProbeKind, StepQueries } from "../probe";
import type { Workspace } from "../workspace";
import { gradientOf } from "./backpropagation";

/** The gradient where the loss is about largest within rho of the point. */
export interface SharpnessAware {
  /** rho, the distance in weights at which the second gradient is taken. */
  readonly rho: number;
}

/** Sharpness-aware gradients as a row of the table. */
export const sharpnessAware: ProbeKind<SharpnessAware> = {
  check: (what, { rho }) => void perturbation(`${what}.rho`, rho),
  passes: () => ({ once: 2, perQuery: 0 }),
  needs: (_spec, objective) => void gradientOf(objective),
  exact: true,
  measure: sharpnessAwareGradient,
};

/**
 * Takes the gradient a step of length rho uphill, on the same batch:
 *     e = rho g / |g| with g = grad L(theta),   what is handed on: grad L(theta + e)
 * Where g is zero e is zero too. The loss is that at theta. Costs two forward and two backward passes.
 * @throws when the objective's engine has no reverse mode
 * Source: SAM, arXiv 2010.01412, equations 2 and 3 for p = 2; davda54/sam@03c7768. Departs: a divisor |g| in place of |g| + 1e-12.
 */
async function sharpnessAwareGradient<Batch>(
  { rho }: SharpnessAware,
  objective: Objective<Batch>,
  point: Float32Array,
  { batch }: StepQueries<Batch>,
  workspace: Workspace,
): Promise<Estimate> {
  const ask = gradientOf(objective);
  const { loss, gradient } = await ask(point, batch);
  sameLength("gradient of the objective", gradient.length, workspace.size);
  const length = norm(gradient);
  if (!Number.isFinite(loss) || !Number.isFinite(length)) {
    workspace.gradient.set(gradient);
    return { projectedGradients: [], loss, forwardPasses: 1, backwardPasses: 1, gradientNorm: length };
  }
  const uphill = workspace.buffer(0);
  axpyInto(uphill, length === 0 ? 0 : rho / length, gradient, point);
  const there = await ask(uphill, batch);
  workspace.gradient.set(there.gradient);
  return {
    projectedGradients: [],
    loss: Number.isFinite(there.loss) ? loss : there.loss,
    forwardPasses: 2,
    backwardPasses: 2,
    gradientNorm: norm(there.gradient),
  };
}

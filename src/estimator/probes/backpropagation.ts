import { fail, sameLength } from "../../check/check";
import { norm } from "../../tree/vector";
import type { Estimate, ProbeKind, StepQueries } from "../probe";
import type { Objective } from "../objective";
import { requireDerivatives } from "../without-derivatives";
import type { Workspace } from "../workspace";

/** The exact gradient by reverse-mode differentiation, the first-order baseline, as a row of the table. */
export const backpropagation: ProbeKind<unknown> = {
  check: () => undefined,
  passes: () => ({ once: 1, perQuery: 0 }),
  needs: (objective) => void gradientOf(objective),
  exact: true,
  inBlocks: true,
  measure: exactGradient,
};

/**
 * g = grad L(theta), exactly. Costs one forward pass, and one backward pass that is counted apart; there are no directions, so
 * no projected gradients either.
 * @throws when the objective's engine has no reverse mode
 */
async function exactGradient<Batch>(
  _spec: unknown,
  objective: Objective<Batch>,
  point: Float32Array,
  { batch }: StepQueries<Batch>,
  workspace: Workspace,
): Promise<Estimate> {
  const { loss, gradient } = await gradientOf(objective)(point, batch);
  sameLength("gradient of the objective", gradient.length, workspace.size);
  workspace.gradient.set(gradient);
  return { projectedGradients: [], loss, forwardPasses: 1, backwardPasses: 1, gradientNorm: norm(gradient) };
}

/**
 * Gives an objective's gradient.
 * @throws when it has none, saying why
 */
export function gradientOf<Batch>(objective: Objective<Batch>): Required<Objective<Batch>>["gradient"] {
  requireDerivatives("backpropagation", objective);
  return (
    objective.gradient?.bind(objective) ??
    fail(
      "probe",
      `an objective with a gradient: ${objective.noGradient ?? WITHOUT_REASON}`,
      "backpropagation on one without",
    )
  );
}

const WITHOUT_REASON =
  "one of a session whose engine gives gradients, or a function `gradient(point, batch)` of its own (a loss that steps, as accuracy and F1 do, has none: take a method that asks for losses alone)";

import { fail } from "../../check/check";
import { norm } from "../../tree/vector";
import { checkParts, meanOverParts, needsParts, partsOf } from "../batch-parts";
import type { Estimate, ProbeKind, StepQueries } from "../probe";
import type { Objective } from "../objective";
import { requireDerivatives } from "../without-derivatives";
import type { Workspace } from "../workspace";

/** How an exact gradient is taken. */
export interface Backpropagation {
  /** Into so many parts a batch is divided, one after another: memory for one of them. Absent: the batch is taken whole. */
  readonly parts?: number;
}

/** The exact gradient by reverse-mode differentiation, the first-order baseline, as a row of the table. */
export const backpropagation: ProbeKind<Backpropagation> = {
  check: checkParts,
  passes: ({ parts = 1 }) => ({ once: parts, perQuery: 0 }),
  needs({ parts = 1 }, objective) {
    gradientOf(objective);
    needsParts("probe.parts", parts, objective);
  },
  exact: true,
  inBlocks: ({ parts = 1 }) => parts === 1,
  measure: exactGradient,
};

/**
 * g = grad L(theta), exactly. Costs one forward pass, and one backward pass that is counted apart, for each part of the batch (`meanOverParts`); there
 * are no directions, so no projected gradients either.
 * @throws when the objective's engine has no reverse mode, or its batches cannot be divided
 */
async function exactGradient<Batch>(
  { parts = 1 }: Backpropagation,
  objective: Objective<Batch>,
  point: Float32Array,
  { batch }: StepQueries<Batch>,
  { gradient }: Workspace,
): Promise<Estimate> {
  const ask = gradientOf(objective);
  const divided = partsOf("probe.parts", objective, batch, parts);
  const loss = await meanOverParts(divided, gradient, (part) => ask(point, part));
  const passes = divided.length;
  return { projectedGradients: [], loss, forwardPasses: passes, backwardPasses: passes, gradientNorm: norm(gradient) };
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

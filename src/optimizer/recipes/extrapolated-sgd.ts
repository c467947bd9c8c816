import type { ExtrapolatedGradients } from "../../estimator/probes/extrapolated-gradients";
import { composeExact, type ExactOptions } from "../compose";
import type { Method } from "../method";

export interface ExtrapolatedSgdOptions extends ExactOptions, Partial<ExtrapolatedGradients> {
  /** mu of the step from the weights, default 0.9. */
  readonly decay?: number;
}

/**
 * EXTRAP-SGD: each of K workers takes its gradient where its own last one leads; the mean of all moves the weights, with momentum.
 * @throws naming the option that is out of range
 * @example extrapolatedSgd({ workers: 4 }).probe // { kind: "extrapolated-gradients", direction: "own-past", reach: 1, workers: 4 }
 * Source: arXiv 2006.05720, by its abstract and a summary. Its constants were not found: 8 workers, a reach of one step's rate and the momentum are
 *   ours.
 */
export function extrapolatedSgd({
  learningRate = 1e-2,
  name = "extrapolated-sgd",
  weightDecay = 0,
  direction = "own-past",
  reach = 1,
  workers = 8,
  decay = 0.9,
}: ExtrapolatedSgdOptions = {}): Method {
  return composeExact(
    name,
    learningRate,
    [
      { kind: "weight-decay", weightDecay },
      { kind: "momentum", decay },
    ],
    { kind: "extrapolated-gradients", direction, reach, workers },
  );
}

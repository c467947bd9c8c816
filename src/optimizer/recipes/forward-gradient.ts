import { compose, type MezoOptions } from "../compose";
import type { Method } from "../method";

/**
 * Forward gradient: the exact derivative along a Gaussian direction, by a tangent in the pass; then SGD. What MeZO's estimate is without epsilon.
 * @throws naming the option that is out of range
 * @example forwardGradient().probe // { kind: "directional", chunk: null }
 * Source: Baydin et al., arXiv 2202.08587; in the comparison of arXiv 2402.11592, ZO-Bench/ZO-LLM@bf210fa.
 */
export function forwardGradient({
  queries,
  learningRate = 1e-4,
  weightDecay = 0,
  name = "forward-gradient",
  chunk,
}: Omit<MezoOptions, "estimator" | "perturbationScale"> = {}): Method {
  // Named one by one: an estimator or a perturbation scale is no option here, and is told to be none.
  const exact = { learningRate, weightDecay, name, estimator: "directional", ...(chunk !== undefined && { chunk }) } as const; // prettier-ignore
  return compose("forward-gradient", { directions: { kind: "gaussian" }, queries }, exact);
}

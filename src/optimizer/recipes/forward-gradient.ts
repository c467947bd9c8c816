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
  ...options
}: Omit<MezoOptions, "estimator" | "perturbationScale"> = {}): Method {
  const exact = { ...options, estimator: "directional" } as const;
  return compose("forward-gradient", { directions: { kind: "gaussian" }, queries }, exact);
}

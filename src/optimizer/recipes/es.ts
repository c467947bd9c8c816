import { compose, type MezoOptions } from "../compose";
import type { Method } from "../method";

/**
 * Evolution strategies at scale: losses ahead along Gaussian directions, each against the step's mean and over its standard deviation.
 * @throws naming the option that is out of range
 * @example es().combine // { kind: "z-score" }
 * Source: arXiv 2509.24372; VsonicV/es-fine-tuning-paper@523afc8 (30 directions, epsilon 1e-3, eta 5e-4, 1,000 steps, rewards of greedy answers).
 *   Departs: one more loss, at the point itself, which cancels and is the loss that is shown; each tensor has noise of its own, where there
 *   tensors of one shape have the same; losses in place of rewards.
 */
export function es({ queries = 30, ...options }: MezoOptions = {}): Method {
  const parts = {
    directions: { kind: "gaussian" },
    probe: "one-sided",
    combine: { kind: "z-score" },
    queries,
  } as const;
  return compose("es", parts, options);
}

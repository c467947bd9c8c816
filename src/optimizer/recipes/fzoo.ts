import { compose, type MezoOptions } from "../compose";
import type { Method } from "../method";

/**
 * FZOO: one-sided losses along random signs, each difference over the step's standard deviation: a step is as long whatever the loss's scale.
 * @throws naming the option that is out of range
 * @example fzoo().combine // { kind: "spread" }
 * Source: arXiv 2506.09034; DKmiyan/FZOO@d4f8a8b (8 queries, 9 losses; OPT-13B: eta 5e-5, epsilon 1e-4; its script: 1e-5, 1e-3). Rates are the
 *   code's: the paper's are epsilon sqrt(Q / (Q - 1)) times as large. The branch there that would take losses of earlier steps is never reached.
 */
export function fzoo({ queries = 8, ...options }: MezoOptions = {}): Method {
  const parts = { directions: { kind: "sign" }, probe: "one-sided", combine: { kind: "spread" }, queries } as const;
  return compose("fzoo", parts, options);
}

import { lineProbe } from "../line-probe";

/**
 * One loss a query and one at theta for all of them: Q + 1 forward passes.
 *     p_q = (L(theta + epsilon z_q) - L(theta)) / epsilon
 * The step's loss is that at theta.
 * Source: the estimator of ZO-Muon (OPTML-Group/ZO-Muon@166a8f3) and FZOO (DKmiyan/FZOO@d4f8a8b, without its 1 / epsilon).
 */
export const oneSided = lineProbe({
  along: (epsilon) => [epsilon],
  shared: true,
  observe: ([ahead], epsilon, here) => ({ p: (ahead - here) / epsilon }),
});

import { lineProbe } from "../line-probe";

/**
 * The papers' probe, two losses a query:
 *     p_q = (L(theta + epsilon z_q) - L(theta - epsilon z_q)) / (2 epsilon)
 * The step's loss is the mean of all of them.
 * Source: MeZO, arXiv 2305.17333, definition 1; yifanycc/AdaZeta@3659ba3 (queries, same batch for all of them).
 */
export const twoSided = lineProbe({
  along: (epsilon) => [epsilon, -epsilon],
  shared: false,
  observe: ([ahead, back], epsilon) => ({ p: (ahead - back) / (2 * epsilon) }),
});

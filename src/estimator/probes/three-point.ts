import { lineProbe } from "../line-probe";

/**
 * Two losses a query and one at theta for all of them, which give a slope and a curvature along z_q: 2 Q + 1 forward passes.
 *     p_q = (L+ - L-) / (2 epsilon),  c_q = (L+ + L- - 2 L(theta)) / (2 epsilon^2)
 * c_q, half the second derivative, is recorded as the query's further number. The step's loss is that at theta.
 * Source: HiZOO, arXiv 2402.15173; Yanjun-Zhao/HiZOO@4f99055.
 */
export const threePoint = lineProbe({
  along: (epsilon) => [epsilon, -epsilon],
  shared: true,
  curvature: true,
  observe: ([ahead, back], epsilon, here) => ({
    p: (ahead - back) / (2 * epsilon),
    further: (ahead + back - 2 * here) / (2 * epsilon ** 2),
  }),
});

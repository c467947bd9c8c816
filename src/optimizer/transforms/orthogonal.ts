import { positiveInteger, positiveNumber } from "../../check/check";
import { signOfMatrix } from "../../tree/sign-of-matrix";
import type { TransformKind } from "../transform";
import { offsetOf, partsOf, writeOuter } from "./outer-parts";

/** What orthogonal steps are set by. */
export interface Orthogonal {
  /** Newton-Schulz iterations, 5 in the source. */
  readonly iterations: number;
  /** The rate of vectors along their plain gradient, as a share of the learning rate; absent: they are matrices of one row, so of length about 1. */
  readonly vectorRate?: number;
}

/**
 * A step of a matrix has singular values of about 1 in the subspace that was measured:
 *     e = sum_q w_q u_q [r][columns],  g = P msign(e),  directions P u_q
 * Source: ZO-Muon, arXiv 2602.17155; OPTML-Group/ZO-Muon@166a8f3 (vectors at a rate of their own, 1e-7 whatever the others' is). Departs: vectors
 *   are taken as matrices of one row, unless a rate is named.
 */
export const orthogonal: TransformKind<Orthogonal> = {
  check(what, spec) {
    positiveInteger(`${what}.iterations`, spec.iterations);
    if ("vectorRate" in spec) positiveNumber(`${what}.vectorRate`, spec.vectorRate);
  },
  keeps: ["left"],
  unformed: true,
  form({ iterations, vectorRate }, { layout }, { weights, direction }, gradient) {
    if (layout.factors !== undefined) gradient.fill(0);
    const queries = weights.map((_, query) => partsOf("orthogonal", direction(query)));
    queries[0].forEach((part, tensor) => {
      const free = (query: number): Float32Array => {
        const each = queries[query][tensor];
        return each.kind === "outer" ? each.right : each.values;
      };
      const sum = new Float64Array(free(0).length);
      weights.forEach((weight, query) => free(query).forEach((value, i) => (sum[i] += weight * value)));
      if (part.kind === "outer")
        writeOuter(gradient, layout, tensor, part, "right", signOfMatrix(sum, part.columns, part.rank, iterations));
      else
        gradient.set(
          vectorRate === undefined
            ? signOfMatrix(sum, 1, sum.length, iterations)
            : sum.map((value) => vectorRate * value),
          offsetOf(layout, tensor, part),
        );
    });
    return {};
  },
};

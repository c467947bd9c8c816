import { numberBelowOne } from "../../check/check";
import { compose, type MezoOptions } from "../compose";
import type { Method } from "../method";

/**
 * MeZO on a random share of the parameters that is kept for some steps.
 * @throws naming the option that is out of range
 * @example zoSparse({ sparsity: 0.75, hold: 100 }).directions // { kind: "random-mask", keep: 0.25, hold: 100 }
 * Source: ZO-Bench/ZO-LLM@bf210fa, of arXiv 2402.11592 (it tries sparsities from 0.1 to 0.9, masks kept for 1 to 20,000 steps, eta 1e-6, epsilon
 *   1e-3). Departs: the share that is asked for stays still; there it is Phi(sparsity), 0.69 for 0.5.
 */
export function zoSparse({
  sparsity = 0.5,
  hold = 1,
  queries,
  ...options
}: MezoOptions & {
  /** Share of the parameters that stays where it is, default 0.5. */
  readonly sparsity?: number;
  /** Steps that a mask is kept for, default 1. */
  readonly hold?: number;
} = {}): Method {
  return compose(
    "zo-sparse",
    { directions: { kind: "random-mask", keep: 1 - numberBelowOne("sparsity", sparsity), hold }, queries },
    options,
  );
}

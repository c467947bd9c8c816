import { compose, type MezoOptions } from "../compose";
import type { Method } from "../method";

/** What the forms of TeZO let one choose. */
export interface TezoOptions extends MezoOptions {
  /** r, default 8. */
  readonly rank?: number;
}

/**
 * TeZO: two-sided estimates along U diag(tau) V^T, U and V drawn once for the run; then SGD.
 * @throws naming the option that is out of range
 * @example tezo().directions // { kind: "temporal", rank: 8 }
 * Source: arXiv 2501.19057, by a secondary text; no code, and no rank, was found: 8 is ours.
 */
export function tezo({ rank = 8, queries, ...options }: TezoOptions = {}): Method {
  return compose("tezo", { directions: { kind: "temporal", rank }, queries }, options);
}

/**
 * TeZO-m: TeZO with momentum in r numbers a matrix.
 * @throws naming the option that is out of range
 * @example tezoM().transforms[0] // { kind: "temporal-momentum", decay: 0.9 }
 * Source: arXiv 2501.19057, by a secondary text; the decay is ours.
 */
export function tezoM({
  rank = 8,
  decay = 0.9,
  queries,
  ...options
}: TezoOptions & { readonly decay?: number } = {}): Method {
  const transforms = [{ kind: "temporal-momentum", decay }] as const;
  return compose("tezo-m", { directions: { kind: "temporal", rank }, queries, transforms }, options);
}

/**
 * TeZO-Adam: TeZO with Adam's moments in 2 r numbers a matrix.
 * @throws naming the option that is out of range
 * @example tezoAdam().transforms[0] // { kind: "temporal-adam", firstDecay: 0.9, secondDecay: 0.999, epsilon: 1e-8 }
 * Source: arXiv 2501.19057, by a secondary text; the constants are Adam's.
 */
export function tezoAdam({ rank = 8, queries, ...options }: TezoOptions = {}): Method {
  const transforms = [{ kind: "temporal-adam", firstDecay: 0.9, secondDecay: 0.999, epsilon: 1e-8 }] as const;
  return compose("tezo-adam", { directions: { kind: "temporal", rank }, queries, transforms }, options);
}

import { compose, type MezoOptions } from "../compose";
import type { Method } from "../method";

/**
 * AdaMeZO: MeZO's estimate, then Adam whose moments are made again from the last steps' numbers, so that no vector is carried.
 * @throws naming the option that is out of range
 * @example adamezo({ horizon: 10 }).transforms[0] // { kind: "rebuilt-adam", firstDecay: 0.9, secondDecay: 0.999, epsilon: 1e-8, horizon: 10 }
 * Source: arXiv 2605.00650, by its abstract and a secondary text. Its settings were not found: Adam's constants, and 20 steps, are ours.
 */
export function adamezo({
  horizon = 20,
  queries,
  ...options
}: MezoOptions & {
  /** h, the steps that the moments go back, default 20. */
  readonly horizon?: number;
} = {}): Method {
  const transforms = [{ kind: "rebuilt-adam", firstDecay: 0.9, secondDecay: 0.999, epsilon: 1e-8, horizon }] as const;
  return compose("adamezo", { directions: { kind: "gaussian" }, queries, transforms }, options);
}

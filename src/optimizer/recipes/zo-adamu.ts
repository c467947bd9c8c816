import { compose, type MezoOptions } from "../compose";
import type { Method } from "../method";

/**
 * ZO-AdaMU: two-sided estimates along noise that is mixed, ever more, with the directions that were uphill before.
 * @throws naming the option that is out of range
 * @example zoAdamu({ steps: 1000, warmUp: 100 }).directions // { kind: "simulated-momentum", steps: 1000, warmUp: 100 }
 * Source: arXiv 2312.15184; MathIsAll/ZO-AdaMU@d5f7de2 (20,000 steps, of which 1024 without momentum).
 */
export function zoAdamu({
  steps = 20_000,
  warmUp = 1024,
  queries,
  ...options
}: MezoOptions & {
  /** S, the steps that the run is to take, default 20,000. */
  readonly steps?: number;
  /** T1, the steps of plain noise at first, default 1024. */
  readonly warmUp?: number;
} = {}): Method {
  return compose("zo-adamu", { directions: { kind: "simulated-momentum", steps, warmUp }, queries }, options);
}
